"""TFX's InfraValidator as an option: its settings, and where it does not work."""

from pathlib import Path
from typing import Any

import pytest
from tfx.components.infra_validator import request_builder
from tfx.proto import infra_validator_pb2
from tfx.types import channel_utils, standard_artifacts
from tfx.utils import proto_utils

from components.errors import UserError
from components.serving_check.infra_validator import (
    Executor,
    ServingValidator,
    build_infra_validator,
)
from components.serving_check.settings import InfraValidatorSettings
from components.signatures import SERVING_EXAMPLES


@pytest.fixture
def validator() -> ServingValidator:
    return build_infra_validator(
        InfraValidatorSettings(tags=("2.16.1", "latest"), images=3, service_account="server"),
        "pets",
        SERVING_EXAMPLES,
        channel_utils.as_channel([standard_artifacts.Model()]),
        channel_utils.as_channel([standard_artifacts.Examples()]),
    )


def _read(validator: ServingValidator, name: str, proto: Any) -> Any:
    proto_utils.json_to_proto(validator.exec_properties[name], proto)
    return proto


def test_settings_reach_the_validator(validator: ServingValidator) -> None:
    serving = _read(validator, "serving_spec", infra_validator_pb2.ServingSpec())
    assert serving.tensorflow_serving.image_name == "tensorflow/serving"
    assert list(serving.tensorflow_serving.tags) == ["2.16.1", "latest"]
    assert serving.WhichOneof("serving_platform") == "kubernetes"
    assert serving.kubernetes.service_account_name == "server"
    assert serving.model_name == "pets"
    validation = _read(validator, "validation_spec", infra_validator_pb2.ValidationSpec())
    assert (validation.max_loading_time_seconds, validation.num_tries) == (300, 5)


def test_its_requests_match_the_model(
    validator: ServingValidator, good_model: Path, examples: Any
) -> None:
    model = standard_artifacts.Model()
    model.uri = str(good_model.parent)
    request = _read(validator, "request_spec", infra_validator_pb2.RequestSpec())
    requests = request_builder.build_requests("pets", model, examples, request)
    assert len(requests) == 3
    assert requests[0].model_spec.signature_name == SERVING_EXAMPLES
    assert list(requests[0].inputs) == ["examples"]


def test_outside_kubeflow_it_says_that_it_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KFP_POD_NAME", raising=False)
    with pytest.raises(UserError) as error:
        Executor().Do({}, {}, {})
    assert "this is not a pod of Kubeflow Pipelines" in error.value.message
    assert error.value.hint is not None
    assert "leave serving_check.infra_validator empty here" in error.value.hint
