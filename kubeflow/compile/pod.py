"""What a task's pod gets: as configured, or little where other pods do the work."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.cluster.training_job.spec import TRAINING_JOB, WAITING_RESOURCES, training_job_json
from pipeline.config.kubeflow.resources import ResourceSettings
from pipeline.config.kubeflow.settings import KubeflowSettings

from .container_resources import ContainerResources, container_resources
from .platform_config import metadata_variables

# What belongs to the machine that trains, and not to a pod that waits for it.
_OF_THE_TRAINING = ("gpus", "accelerator", "shared_memory", "node_selector", "tolerations")


@dataclass(frozen=True)
class Pod:
    """A task's pod.

    Attributes:
        container: What its container asks for.
        resources: Where it runs, and its shared memory.
        env: Variables of its container that are no secrets.
    """

    container: ContainerResources
    resources: ResourceSettings
    env: Mapping[str, str]


def pod_of(node_id: str, settings: KubeflowSettings) -> Pod:
    """What a node's pod gets."""
    resources = settings.resources_of(node_id)
    env = {**settings.env_of(node_id), **metadata_variables(settings)}
    if node_id != "Trainer" or settings.training is None:
        return Pod(container_resources(resources), resources, env)
    asked, limits = WAITING_RESOURCES["requests"], WAITING_RESOURCES["limits"]
    return Pod(
        ContainerResources(
            cpu=(asked["cpu"], limits["cpu"]), memory=(asked["memory"], limits["memory"])
        ),
        resources.model_copy(
            update={
                name: ResourceSettings.model_fields[name].get_default() for name in _OF_THE_TRAINING
            }
        ),
        {**env, TRAINING_JOB: training_job_json(settings)},
    )
