"""Predicts with a model over KServe's v2 protocol, the Open Inference Protocol, by HTTP.

    python examples/clients/kserve.py http://localhost:8080 digits a.png b.png

The contract: https://github.com/kserve/open-inference-protocol (inference_rest.md). Its JSON has no
form for bytes that are not text, so that images follow the JSON, as KServe's "Binary Tensor
Data Extension" says; servers that know it list `binary_tensor_data` at `GET /v2`.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from client import INPUT, ClientError, Scored, pick_likeliest, post, run_client


class Request(NamedTuple):
    """What is posted."""

    headers: dict[str, str]
    body: bytes


def build_request(images: Sequence[bytes]) -> Request:
    """The request: a JSON object, followed by each image, preceded by its length.

    Args:
        images: Files as they are: JPEG, PNG, GIF or BMP.
    """
    tensor = b"".join(struct.pack("<I", len(one)) + one for one in images)
    shown = {
        "inputs": [
            {
                "name": INPUT,
                "shape": [len(images)],
                "datatype": "BYTES",
                "parameters": {"binary_data_size": len(tensor)},
            }
        ]
    }
    header = json.dumps(shown).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header)),
    }
    return Request(headers, header + tensor)


def read_response(response: dict[str, Any]) -> list[Scored | None]:
    """The likeliest class of each image; None for one that the model cannot decode.

    Args:
        response: The server's response: a tensor for each output of the model, as JSON.

    Raises:
        ClientError: It is of another kind of model.
    """
    try:
        outputs = {output["name"]: output for output in response["outputs"]}
        scores, classes = _rows(outputs["scores"]), _rows(outputs["classes"])
        valid = list(_flatten(outputs["valid"]["data"])) if "valid" in outputs else None
        return pick_likeliest(scores, classes, valid)
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError(f"unexpected response: {str(response)[:200]}") from error


def predict(address: str, model: str, images: Sequence[bytes]) -> list[Scored | None]:
    """Predicts with the version that the server chooses: its newest, as a rule.

    Args:
        address: As `http://localhost:8080`.
        model: Its name.
        images: Files as they are.

    Raises:
        ClientError: The server cannot be reached, refuses, or its response is unexpected.
    """
    request = build_request(images)
    url = f"{address.rstrip('/')}/v2/models/{model}/infer"
    return read_response(post(url, request.body, request.headers))


def _rows(output: dict[str, Any]) -> list[list[Any]]:
    """A matrix, whose data may be nested or, as the protocol also allows, flat."""
    height, width = output["shape"]
    flat = list(_flatten(output["data"]))
    if len(flat) != height * width:
        raise ValueError(f"{len(flat)} values for the shape {output['shape']}")
    return [flat[row * width : (row + 1) * width] for row in range(height)]


def _flatten(data: list[Any]) -> Iterator[Any]:
    for item in data:
        if isinstance(item, list):
            yield from _flatten(item)
        else:
            yield item


if __name__ == "__main__":
    run_client(predict, "http://localhost:8080")
