"""TensorFlow Serving's REST contract."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest
from client import ClientError, post
from rest import build_request, read_response

from tests.fakes.servers import client_schemas


def test_the_request_is_as_documented() -> None:
    request = build_request([b"\xff\x00", b"a"])
    assert request == {
        "signature_name": "serving_default",
        "instances": [{"b64": "/wA="}, {"b64": "YQ=="}],
    }
    jsonschema.validate(request, client_schemas.PREDICT_REQUEST)


def test_models_from_before_valid_can_be_read() -> None:
    row = {"scores": [0.25, 0.75], "classes": ["cats", "dogs"], "label": "dogs"}
    assert read_response({"predictions": [row]}) == [("dogs", 0.75)]
    assert read_response({"predictions": [{**row, "valid": False}]}) == [None]


@pytest.mark.parametrize("answer", [{}, [], {"predictions": [0.5]}, {"predictions": [{"x": 1}]}])
def test_an_answer_of_another_model_is_an_error(answer: object) -> None:
    with pytest.raises(ClientError, match="unexpected response: "):
        read_response(answer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "request_",
    [
        {"instances": [{"b64": "not base64!"}]},
        {"instances": ["text"]},
        {"instances": [{"b64": "YQ=="}], "inputs": []},
        {"instances": [{"b64": "YQ=="}], "signature_name": "other"},
    ],
)
def test_the_server_of_these_tests_refuses_what_does_not_fit(
    rest_server: str, request_: dict[str, object]
) -> None:
    with pytest.raises(ClientError, match=r"refuses the request \(400\)"):
        post(f"{rest_server}/v1/models/colours:predict", json.dumps(request_).encode(), {})
