"""KServe's v2 protocol, the Open Inference Protocol."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest
from client import ClientError, post
from kserve import build_request, read_response

from tests.fakes.servers import client_schemas


def outputs(scores: list[object], classes: list[object]) -> dict[str, object]:
    return {
        "model_name": "m",
        "outputs": [
            {"name": "scores", "shape": [2, 2], "datatype": "FP32", "data": scores},
            {"name": "classes", "shape": [2, 2], "datatype": "BYTES", "data": classes},
        ],
    }


def test_the_request_is_as_published() -> None:
    headers, body = build_request([b"\xff\x00", b"a"])
    length = int(headers["Inference-Header-Content-Length"])
    request = json.loads(body[:length])
    jsonschema.validate(request, client_schemas.INFERENCE_REQUEST)
    assert request == {
        "inputs": [
            {
                "name": "image_bytes",
                "shape": [2],
                "datatype": "BYTES",
                "parameters": {"binary_data_size": 11},
            }
        ]
    }
    assert body[length:] == b"\x02\0\0\0\xff\x00" + b"\x01\0\0\0a"


@pytest.mark.parametrize("is_nested", [True, False])
def test_tensors_may_be_nested_or_flat(is_nested: bool) -> None:
    if is_nested:
        answer = outputs([[0.25, 0.75], [1.0, 0.0]], [["cats", "dogs"]] * 2)
    else:
        answer = outputs([0.25, 0.75, 1.0, 0.0], ["cats", "dogs"] * 2)
    jsonschema.validate(answer, client_schemas.INFERENCE_RESPONSE)
    assert read_response(answer) == [("dogs", 0.75), ("cats", 1.0)]


@pytest.mark.parametrize(
    "answer", [{}, [], {"outputs": []}, outputs([0.5], ["cats", "dogs", "cats", "dogs"])]
)
def test_an_answer_of_another_model_is_an_error(answer: object) -> None:
    with pytest.raises(ClientError, match="unexpected response: "):
        read_response(answer)  # type: ignore[arg-type]


def test_the_server_of_these_tests_refuses_what_does_not_fit(kserve_server: str) -> None:
    url = f"{kserve_server}/v2/models/colours/infer"
    headers, body = build_request([b"\xff\x00", b"a"])
    for changed, message in (
        (body[:-1], "11"),
        (body.replace(b"[2]", b"[3]"), "shape"),
        (body.replace(b"BYTES", b"FLOAT"), "is not valid under"),
        (body.replace(b"image_bytes", b"other_bytes"), "input other_bytes is not image_bytes"),
    ):
        with pytest.raises(ClientError, match=rf"refuses the request \(400\): .*{message}"):
            post(url, changed, headers)
    with pytest.raises(ClientError, match=r"refuses the request \(400\)"):
        post(url, body, {})  # Without the length of the JSON.
