"""The environment variable TRAINING_JOB: kind of job, number of pods, fields of the pods.

    {"kind": "TrainJob", "pods": 2, "image": "registry/image-pipeline:1",
     "container": {"resources": {"limits": {"nvidia.com/gpu": "1"}}, "volumeMounts": [...]},
     "pod": {"volumes": [...], "tolerations": [...]}}

It is not part of a cache key: a model that was trained on one pod is a cache hit for several pods,
and vice versa.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from components.errors import UserError
from components.settings import Settings
from pipeline.config.kubeflow.pod_spec import toleration, variables, without_empty
from pipeline.config.kubeflow.settings import IMAGE_USER, SecuritySettings

if TYPE_CHECKING:
    from pipeline.config.kubeflow.resources import ResourceSettings, SecretSettings
    from pipeline.config.kubeflow.settings import KubeflowSettings

TRAINING_JOB = "TRAINING_JOB"
"""Name of the variable."""

# The task only waits: TFX and TensorFlow, once imported, take 795 MB (peak RSS of `python -m
# pipeline node --node Trainer` of configs/digits.yaml with TRAINING_JOB set, by GNU time).
WAITING_RESOURCES = {
    "requests": {"cpu": "500m", "memory": "1Gi"},
    "limits": {"cpu": "2", "memory": "2Gi"},
}
"""`resources` of the Trainer's own container when other pods train."""


class TrainingJobSpec(Settings):
    """A training job without its name and command."""

    kind: Literal["TFJob", "TrainJob"] = "TrainJob"
    """As in `kubeflow.training`."""
    pods: Annotated[int, Field(ge=2)]
    """Number of pods."""
    image: str
    """Container image with this package installed."""
    start_timeout_seconds: Annotated[int, Field(ge=1)] = 3600
    """As in `kubeflow.training`."""
    container: dict[str, Any] = {}
    """Other fields of the V1Container: resources, volumeMounts, env, ..."""
    pod: dict[str, Any] = {}
    """Other fields of the V1PodSpec: volumes, nodeSelector, tolerations, ..."""


def read_spec(text: str) -> TrainingJobSpec:
    """Reads the variable.

    Raises:
        UserError: It is not valid.
    """
    try:
        return TrainingJobSpec.model_validate_json(text)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg']}" for one in error.errors()
        )
        raise UserError(
            f"the environment variable {TRAINING_JOB} is not valid: {problems}",
            hint="image-pipeline cluster compile sets it: compile with the version that is in the "
            "image. Without it, the Trainer trains in its own pod.",
        ) from error


def training_job_json(kubeflow: "KubeflowSettings") -> str:
    """The variable's value: pods like the Trainer's own, without what only TFX needs.

    They do not get the metadata store's credentials.
    """
    training, resources = kubeflow.training, kubeflow.resources_of("Trainer")
    if training is None:
        raise ValueError("kubeflow.training is empty: the Trainer trains in its own pod")
    secrets = kubeflow.secrets_of("Trainer")
    volumes, mounts = _volumes(kubeflow.volumes_of("Trainer"), secrets, resources.shared_memory)
    container = {
        "resources": _resources(resources),
        "env": variables(kubeflow.env_of("Trainer"), secrets),
        "volumeMounts": mounts,
        "securityContext": _container_security(kubeflow),
    }
    pod = {
        "securityContext": _pod_security(kubeflow),
        "volumes": volumes,
        "nodeSelector": dict(resources.node_selector),
        "tolerations": [toleration(each) for each in resources.tolerations],
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


def _resources(settings: "ResourceSettings") -> dict[str, Any]:
    amounts = without_empty({"cpu": settings.cpu, "memory": settings.memory})
    gpus = {settings.accelerator: str(settings.gpus)} if settings.gpus else {}
    return without_empty({"requests": amounts, "limits": {**amounts, **gpus}})


def _volumes(
    claims: dict[str, str], secrets: "tuple[SecretSettings, ...]", shared_memory: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The pod's `volumes`, and its container's `volumeMounts`."""
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


def _container_security(kubeflow: "KubeflowSettings") -> dict[str, Any]:
    """What the Pod Security Standard `restricted` asks of a container."""
    context = kubeflow.security_context or SecuritySettings()
    return {
        **without_empty({"runAsUser": context.run_as_user, "runAsGroup": context.run_as_group}),
        "runAsNonRoot": context.run_as_user != 0,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def _pod_security(kubeflow: "KubeflowSettings") -> dict[str, Any]:
    """The volumes belong to the containers' group: a fresh one belongs to root otherwise."""
    context = kubeflow.security_context or SecuritySettings()
    return {
        "fsGroup": IMAGE_USER if context.run_as_group is None else context.run_as_group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
