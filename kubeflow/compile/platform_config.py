"""Kubernetes settings of the tasks: volumes, secrets, nodes. The compiled file's second document.

KFP SDK 2.5 cannot set them. The fields are those of KubernetesExecutorConfig
(kubernetes_platform/proto in kubeflow/pipelines), under the names that every version since KFP 2.2
reads. KFP's drivers reject unknown fields, so only fields that are configured are written:
emptyDirMounts came with KFP 2.3, securityContext with 2.16.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.cli.node import RUN_ID_VARIABLE
from pipeline.config.kubeflow.resources import ResourceSettings, TolerationSettings
from pipeline.config.kubeflow.settings import METADATA_FILES, SHARED_MEMORY, KubeflowSettings

Config = dict[str, Any]


def platform_config(
    node_id: str, settings: KubeflowSettings, resources: ResourceSettings
) -> Config:
    """The Kubernetes settings of a task: a KubernetesExecutorConfig without empty fields."""
    fields: Config = {
        "fieldPathAsEnv": list(_pod_fields(node_id)),
        "pvcMount": [
            {"constant": claim, "mountPath": path}
            for claim, path in settings.volumes_of(node_id).items()
        ],
        "imagePullSecret": [{"secretName": name} for name in settings.image_pull_secrets],
        "secretAsEnv": list(_secret_variables(node_id, settings)),
        "secretAsVolume": list(_secret_files(node_id, settings)),
        "nodeSelector": _node_selector(resources),
        "tolerations": [_toleration(each) for each in resources.tolerations],
        "emptyDirMounts": _shared_memory(resources),
        "securityContext": _security_context(settings),
    }
    return {name: value for name, value in fields.items() if value}


def metadata_variables(settings: KubeflowSettings) -> dict[str, str]:
    """Environment variables with the files of the metadata store's credentials."""
    metadata = settings.metadata
    if not metadata.secret or metadata.secret_as != "files":
        return {}
    return {
        "METADATA_USER_FILE": f"{METADATA_FILES}/{metadata.user_key}",
        "METADATA_PASSWORD_FILE": f"{METADATA_FILES}/{metadata.password_key}",
    }


def _pod_fields(node_id: str) -> Iterator[Config]:
    yield {"name": RUN_ID_VARIABLE, "fieldPath": "metadata.labels['pipeline/runid']"}
    if node_id == "InfraValidator":
        # TFX starts TensorFlow Serving in its own pod's namespace (tfx/utils/kube_utils.py).
        yield {"name": "KFP_NAMESPACE", "fieldPath": "metadata.namespace"}


def _secret_variables(node_id: str, settings: KubeflowSettings) -> Iterator[Config]:
    metadata = settings.metadata
    if metadata.secret and metadata.secret_as == "env":
        keys = {"METADATA_USER": metadata.user_key, "METADATA_PASSWORD": metadata.password_key}
        yield _as_env(metadata.secret, keys)
    for secret in settings.secrets_of(node_id):
        if secret.env:
            yield _as_env(secret.name, secret.env)


def _as_env(name: str, keys: dict[str, str]) -> Config:
    key_to_env = [{"secretKey": key, "envVar": variable} for variable, key in keys.items()]
    return {"secretName": name, "keyToEnv": key_to_env}


def _secret_files(node_id: str, settings: KubeflowSettings) -> Iterator[Config]:
    metadata = settings.metadata
    if metadata.secret and metadata.secret_as == "files":
        yield {"secretName": metadata.secret, "mountPath": METADATA_FILES, "optional": False}
    for secret in settings.secrets_of(node_id):
        if secret.files:
            yield {"secretName": secret.name, "mountPath": secret.files, "optional": False}


def _node_selector(resources: ResourceSettings) -> Config:
    return {"labels": resources.node_selector} if resources.node_selector else {}


def _toleration(settings: TolerationSettings) -> Config:
    fields = {
        "key": settings.key,
        "operator": settings.operator,
        "value": settings.value,
        "effect": settings.effect,
        "tolerationSeconds": None if settings.seconds is None else str(settings.seconds),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _shared_memory(resources: ResourceSettings) -> list[Config]:
    if not resources.shared_memory:
        return []
    # A tmpfs (medium: Memory), which replaces the container runtime's 64 MiB.
    return [
        {
            "volumeName": SHARED_MEMORY,
            "mountPath": "/dev/shm",
            "medium": "Memory",
            "sizeLimit": resources.shared_memory,
        }
    ]


def _security_context(settings: KubeflowSettings) -> Config:
    context = settings.security_context
    if context is None:
        return {}
    # 64-bit integers are strings in the JSON of protocol buffers.
    numbers = {"runAsUser": context.run_as_user, "runAsGroup": context.run_as_group}
    fields: Config = {name: str(value) for name, value in numbers.items() if value is not None}
    if context.run_as_non_root is not None:
        fields["runAsNonRoot"] = context.run_as_non_root
    return fields
