"""An InferenceService of KServe."""

from components.errors import UserError
from pipeline.config.kubeflow.pod_spec import without_empty
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
)


def inference_service(
    config: PipelineConfig, settings: KubeflowSettings, model: ModelLocation
) -> list[Manifest]:
    """An InferenceService on KServe's own runtime for TensorFlow.

    A volume is mounted into the server (`enableDirectPvcVolumeMount`, KServe's default), which
    loads each new version. A model in a bucket is copied when a pod starts, so that a new version
    is served after the next start.

    Raises:
        UserError: A setting that KServe does not support.
    """
    serving = settings.serving
    if serving.env or serving.secrets:
        raise UserError(
            "kubeflow.serving: env and secrets are for plain TensorFlow Serving",
            hint="KServe reads a bucket with the secrets of kubeflow.serving.service_account.",
        )
    spec = {
        "modelFormat": {"name": "tensorflow", "version": "2"},
        "protocolVersion": "v1",
        # The default of KServe's runtime is years older.
        "runtimeVersion": image_tag(serving),
        "image": _image(serving),
        "storageUri": model.storage_uri,
        "resources": resources(serving),
    }
    predictor = {
        "minReplicas": serving.replicas,
        **placement(settings, serving),
        "model": without_empty(spec),
    }
    return [
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": metadata(config, serving),
            "spec": {"predictor": predictor},
        }
    ]


def _image(serving: ServingSettings) -> str | None:
    """The image, if it is not the runtime's default."""
    default = type(serving).model_fields["image"].default
    return None if serving.image == default else f"{serving.image}:{image_tag(serving)}"
