"""A Deployment and a Service of plain TensorFlow Serving."""

from pipeline.config.kubeflow.pod_spec import variables, without_empty
from pipeline.config.kubeflow.resources import SecretSettings
from pipeline.config.kubeflow.serving import ServingSettings
from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.schema import PipelineConfig

from .model_location import ModelLocation
from .pod import (
    Manifest,
    image_tag,
    metadata,
    placement,
    resources,
    service_name,
)

GRPC_PORT, REST_PORT = 8500, 8501
# TensorFlow Serving's default of 1 would list the bucket every second, in each server.
POLL_SECONDS = 10
# The image has no USER, and runAsNonRoot needs a user id then.
USER = 1000


def deployment_and_service(
    config: PipelineConfig, settings: KubeflowSettings, model: ModelLocation
) -> list[Manifest]:
    """Servers that load new versions without an interruption."""
    serving = settings.serving
    labels = {"app.kubernetes.io/name": service_name(config, serving)}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(config, serving),
        "spec": {
            "replicas": serving.replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": metadata(config, serving)["labels"]},
                "spec": _pod(config, settings, model),
            },
        },
    }
    ports = [("grpc", GRPC_PORT), ("rest", REST_PORT)]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(config, serving),
        "spec": {
            "selector": labels,
            "ports": [{"name": name, "port": port, "targetPort": name} for name, port in ports],
        },
    }
    return [deployment, service]


def _pod(config: PipelineConfig, settings: KubeflowSettings, model: ModelLocation) -> Manifest:
    serving, security = settings.serving, settings.security_context
    group = security.run_as_group if security else None
    return {
        **placement(settings, serving),
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": (security.run_as_user if security else None) or USER,
            **({} if group is None else {"runAsGroup": group}),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(config, serving, model)],
        "volumes": _volumes(serving.secrets, model),
    }


def _container(config: PipelineConfig, serving: ServingSettings, model: ModelLocation) -> Manifest:
    name = config.push.model_name
    container = {
        "name": "tensorflow-serving",
        "image": f"{serving.image}:{image_tag(serving)}",
        "command": ["/usr/bin/tensorflow_model_server"],
        "args": [
            f"--port={GRPC_PORT}",
            f"--rest_api_port={REST_PORT}",
            f"--model_name={name}",
            f"--model_base_path={model.path}",
            f"--file_system_poll_wait_seconds={POLL_SECONDS}",
        ],
        "env": variables(serving.env, serving.secrets),
        "ports": [
            {"name": "grpc", "containerPort": GRPC_PORT},
            {"name": "rest", "containerPort": REST_PORT},
        ],
        "resources": resources(serving),
        # The ports open once the first version is loaded and warm.
        "startupProbe": {
            "tcpSocket": {"port": "grpc"},
            "periodSeconds": 5,
            "failureThreshold": 120,
        },
        "livenessProbe": {"tcpSocket": {"port": "grpc"}, "periodSeconds": 20},
        # Responds with 404 as long as no version is loaded.
        "readinessProbe": {
            "httpGet": {"path": f"/v1/models/{name}/metadata", "port": "rest"},
            "periodSeconds": 10,
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": _mounts(serving.secrets, model),
    }
    return without_empty(container)


def _volumes(secrets: tuple[SecretSettings, ...], model: ModelLocation) -> list[Manifest]:
    volumes: list[Manifest] = [{"name": "tmp", "emptyDir": {}}]
    if model.claim:
        claim = {"claimName": model.claim, "readOnly": True}
        volumes.append({"name": "models", "persistentVolumeClaim": claim})
    return volumes + [
        {"name": f"secret-{number}", "secret": {"secretName": secret.name}}
        for number, secret in enumerate(secrets)
        if secret.files
    ]


def _mounts(secrets: tuple[SecretSettings, ...], model: ModelLocation) -> list[Manifest]:
    mounts: list[Manifest] = [{"name": "tmp", "mountPath": "/tmp"}]
    if model.mount:
        # The whole volume, at the pipeline's mount path: a folder (subPath) that does not exist yet
        # would be created by Kubernetes, owned by root, and the Pusher could not write to it.
        mounts.append({"name": "models", "mountPath": model.mount, "readOnly": True})
    return mounts + [
        {"name": f"secret-{number}", "mountPath": secret.files, "readOnly": True}
        for number, secret in enumerate(secrets)
        if secret.files
    ]
