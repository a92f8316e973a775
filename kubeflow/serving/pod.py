"""Fields of objects and pods that both kinds of server have in common."""

import re
from typing import Any

from pipeline.config.kubeflow.pod_spec import toleration, without_empty
from pipeline.config.kubeflow.serving import ServingSettings
from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.config.schema import PipelineConfig

Manifest = dict[str, Any]


def metadata(config: PipelineConfig, serving: ServingSettings) -> Manifest:
    """Name, namespace and labels of an object."""
    return without_empty(
        {
            "name": service_name(config, serving),
            "namespace": serving.namespace,
            "labels": {
                "app.kubernetes.io/name": service_name(config, serving),
                "app.kubernetes.io/component": "model-server",
                "app.kubernetes.io/managed-by": "image-pipeline",
            },
        }
    )


def service_name(config: PipelineConfig, serving: ServingSettings) -> str:
    """Name of the service: as configured, or the model's name as Kubernetes allows it."""
    return serving.name or re.sub(r"[^a-z0-9]+", "-", config.push.model_name.lower()).strip("-")


def image_tag(serving: ServingSettings) -> str:
    """Tag of the image: TensorFlow Serving has one edition with CUDA and one without."""
    return f"{serving.version}-gpu" if serving.gpus else serving.version


def resources(serving: ServingSettings) -> Manifest:
    """CPU, memory and accelerators of a server; requests equal limits."""
    amounts = {"cpu": serving.cpu, "memory": serving.memory}
    if serving.gpus:
        amounts[serving.accelerator] = str(serving.gpus)
    return {"requests": amounts, "limits": dict(amounts)}


def placement(settings: KubeflowSettings, serving: ServingSettings) -> Manifest:
    """Service account, image pull secrets and nodes of a pod."""
    return without_empty(
        {
            "serviceAccountName": serving.service_account,
            "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
            "nodeSelector": dict(serving.node_selector),
            "tolerations": [toleration(each) for each in serving.tolerations],
        }
    )
