"""TRAINING_JOB, the environment variable: what kind of job, and what its pods are like.

    {"kind": "TFJob", "pods": 2, "image": "registry/image-pipeline:1",
     "container": {"resources": {"limits": {"nvidia.com/gpu": "1"}}, "volumeMounts": [...]},
     "pod": {"volumes": [...], "tolerations": [...]}}

It never is part of what a node's results depend on: the same model trained on one pod answers from
the cache for several, and the other way round.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from components.errors import UserError
from components.settings import Settings
from pipeline.config.kubeflow.pod_spec import toleration, variables, without_empty

if TYPE_CHECKING:
    from pipeline.config.kubeflow.resources import ResourceSettings, SecretSettings
    from pipeline.config.kubeflow.settings import KubeflowSettings

TRAINING_JOB = "TRAINING_JOB"
"""Name of the variable."""

# The task only waits: TFX and TensorFlow, imported, take 795 MB (peak RSS of `python -m pipeline
# node --node Trainer` of configs/digits.yaml with TRAINING_JOB set, by GNU time).
WAITING_RESOURCES = {
    "requests": {"cpu": "500m", "memory": "1Gi"},
    "limits": {"cpu": "2", "memory": "2Gi"},
}
"""What the Trainer's own pod needs where other pods train, as a container's `resources`."""


class TrainingJobSpec(Settings):
    """A training job but for its name and command."""

    kind: Literal["TFJob", "TrainJob"] = "TFJob"
    """As in the settings."""
    pods: Annotated[int, Field(ge=2)]
    """Number of pods."""
    image: str
    """Container image; it has this package installed."""
    start_timeout_seconds: Annotated[int, Field(ge=1)] = 3600
    """As in the settings."""
    container: dict[str, Any] = {}
    """More of the container, a Kubernetes V1Container: resources, volumeMounts, env, ..."""
    pod: dict[str, Any] = {}
    """More of the pod, a Kubernetes V1PodSpec: volumes, nodeSelector, tolerations, ..."""


def read_spec(text: str) -> TrainingJobSpec:
    """Reads the variable.

    Raises:
        UserError: It is no such JSON.
    """
    try:
        return TrainingJobSpec.model_validate_json(text)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'all of it'}: {one['msg']}"
            for one in error.errors()
        )
        raise UserError(
            f"the environment variable {TRAINING_JOB} cannot be used: {problems}",
            hint="python -m kubeflow compile writes it: compile with the version that the image "
            "has. Without it, the Trainer trains in its own pod.",
        ) from error


def training_job_json(kubeflow: "KubeflowSettings") -> str:
    """The variable's value: each pod is as the Trainer's own would be, but for what TFX needs.

    Args:
        kubeflow: With `training`. The metadata store and its credentials stay with the Trainer.
    """
    training, asked = kubeflow.training, kubeflow.resources_of("Trainer")
    if training is None:
        raise ValueError("kubeflow.training is empty: the Trainer trains in its own pod")
    secrets = kubeflow.secrets_of("Trainer")
    volumes, mounts = _volumes(kubeflow.volumes_of("Trainer"), secrets, asked.shared_memory)
    container = {
        "resources": _resources(asked),
        "env": variables(kubeflow.env_of("Trainer"), secrets),
        "volumeMounts": mounts,
        "securityContext": _security(kubeflow),
    }
    pod = {
        "volumes": volumes,
        "nodeSelector": dict(asked.node_selector),
        "tolerations": [toleration(each) for each in asked.tolerations],
        "imagePullSecrets": [{"name": name} for name in kubeflow.image_pull_secrets],
        "serviceAccountName": kubeflow.service_account,
    }
    spec = TrainingJobSpec(
        **training.model_dump(),
        image=kubeflow.image,
        container=without_empty(container),
        pod=without_empty(pod),
    )
    return spec.model_dump_json()


def _resources(asked: "ResourceSettings") -> dict[str, Any]:
    amounts = without_empty({"cpu": asked.cpu, "memory": asked.memory})
    gpus = {asked.accelerator: str(asked.gpus)} if asked.gpus else {}
    return without_empty({"requests": amounts, "limits": {**amounts, **gpus}})


def _volumes(
    claims: dict[str, str], secrets: "tuple[SecretSettings, ...]", shared_memory: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The pod's volumes, and where its container mounts them."""
    files = {secret.name: secret.files for secret in secrets if secret.files}
    volumes: list[dict[str, Any]] = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims
    ]
    volumes += [{"name": name, "secret": {"secretName": name}} for name in files]
    mounts = [{"name": name, "mountPath": path} for name, path in {**claims, **files}.items()]
    if shared_memory:
        memory = {"medium": "Memory", "sizeLimit": shared_memory}
        volumes.append({"name": "shared-memory", "emptyDir": memory})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    return volumes, mounts


def _security(kubeflow: "KubeflowSettings") -> dict[str, Any]:
    given = kubeflow.security_context
    if given is None:
        return {}
    return without_empty(
        {
            "runAsUser": given.run_as_user,
            "runAsGroup": given.run_as_group,
            "runAsNonRoot": given.run_as_non_root,
        }
    )
