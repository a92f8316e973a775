"""Resources and environment variables of a task's pod."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.cluster.training_job.spec import TRAINING_JOB, WAITING_RESOURCES, training_job_json
from pipeline.config.kubeflow.resources import ResourceSettings
from pipeline.config.kubeflow.settings import KubeflowSettings

from .container_resources import ContainerResources, container_resources
from .platform_config import metadata_variables

# For the pods that train, not for the one that waits for them.
_FOR_TRAINING = ("gpus", "accelerator", "shared_memory", "node_selector", "tolerations")


@dataclass(frozen=True)
class Pod:
    """Resources of a task's container and of its pod (nodes, shared memory), and its variables.

    Secrets are not among the variables.
    """

    container: ContainerResources
    resources: ResourceSettings
    env: Mapping[str, str]


def pod_of(node_id: str, settings: KubeflowSettings) -> Pod:
    """The pod of a node."""
    resources = settings.resources_of(node_id)
    env = {**settings.env_of(node_id), **metadata_variables(settings)}
    if node_id != "Trainer" or settings.training is None:
        return Pod(container_resources(resources), resources, env)
    requests, limits = WAITING_RESOURCES["requests"], WAITING_RESOURCES["limits"]
    return Pod(
        ContainerResources(
            cpu=(requests["cpu"], limits["cpu"]), memory=(requests["memory"], limits["memory"])
        ),
        resources.model_copy(
            update={
                name: ResourceSettings.model_fields[name].get_default() for name in _FOR_TRAINING
            }
        ),
        {**env, TRAINING_JOB: training_job_json(settings)},
    )
