"""TFX's InfraValidator: TensorFlow Serving itself loads the model, inside Kubeflow Pipelines."""

import os
from typing import Any

from tfx import types
from tfx.components.infra_validator import executor as tfx_executor
from tfx.components.infra_validator.component import InfraValidator
from tfx.dsl.components.base import executor_spec
from tfx.proto import infra_validator_pb2
from tfx.utils import kube_utils

from components.artifacts import Artifacts
from components.errors import UserError
from components.serving_check.settings import InfraValidatorSettings


class Executor(tfx_executor.Executor):
    """TFX's executor; outside Kubeflow it would retry five times and then blame the model."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Runs TFX's InfraValidator.

        Raises:
            UserError: This is not a pod of Kubeflow Pipelines.
        """
        if not {kube_utils.KFP_POD_NAME, kube_utils.KFP_NAMESPACE} <= os.environ.keys():
            raise UserError(
                "serving_check.infra_validator: TFX's InfraValidator starts TensorFlow Serving as "
                "a pod beside its own; this is not a pod of Kubeflow Pipelines, which have "
                f"{kube_utils.KFP_POD_NAME} and {kube_utils.KFP_NAMESPACE} set",
                hint="Run on Kubernetes, or leave serving_check.infra_validator empty here.",
            )
        super().Do(input_dict, output_dict, exec_properties)


class ServingValidator(InfraValidator):
    """TFX's InfraValidator with our executor."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def build_infra_validator(
    settings: InfraValidatorSettings,
    model_name: str,
    signature: str,
    model: types.BaseChannel,
    examples: types.BaseChannel,
) -> ServingValidator:
    """Creates the component from its settings.

    The signature takes serialized tf.Examples: the validator sends examples as they are.
    """
    pb = infra_validator_pb2
    return ServingValidator(
        model=model,
        examples=examples,
        serving_spec=pb.ServingSpec(
            tensorflow_serving=pb.TensorFlowServing(
                image_name=settings.image, tags=list(settings.tags)
            ),
            kubernetes=pb.KubernetesConfig(service_account_name=settings.service_account or ""),
            model_name=model_name,
        ),
        validation_spec=pb.ValidationSpec(
            max_loading_time_seconds=settings.max_loading_seconds, num_tries=settings.tries
        ),
        request_spec=pb.RequestSpec(
            tensorflow_serving=pb.TensorFlowServingRequestSpec(signature_names=[signature]),
            split_name="test",
            num_examples=settings.images,
        ),
    )
