"""Predicts with a model over TensorFlow Serving's REST contract, also KServe's v1 protocol.

    python examples/clients/rest.py http://localhost:8501 digits a.png b.png

The contract: https://www.tensorflow.org/tfx/serving/api_rest, "Predict API" and "Encoding binary
values".
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from client import SIGNATURE, ClientError, Scored, pick_likeliest, post, run_client


def build_request(images: Sequence[bytes]) -> dict[str, Any]:
    """The request, in row format.

    Args:
        images: Files as they are: JPEG, PNG, GIF or BMP.
    """
    # Of a signature with one input, an instance is the input itself. Bytes go as base64.
    instances = [{"b64": base64.b64encode(one).decode("ascii")} for one in images]
    return {"signature_name": SIGNATURE, "instances": instances}


def read_response(response: dict[str, Any]) -> list[Scored | None]:
    """The likeliest class of each image; None for one that the model cannot decode.

    Args:
        response: The server's response: an object for each image, with the model's outputs.

    Raises:
        ClientError: It is of another kind of model.
    """
    try:
        rows = response["predictions"]
        valid = [row["valid"] for row in rows if "valid" in row]
        scores, classes = ([row[name] for row in rows] for name in ("scores", "classes"))
        return pick_likeliest(scores, classes, valid or None)
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError(f"unexpected response: {str(response)[:200]}") from error


def predict(address: str, model: str, images: Sequence[bytes]) -> list[Scored | None]:
    """Predicts with the newest version of a model.

    Args:
        address: As `http://localhost:8501`.
        model: Its name.
        images: Files as they are.

    Raises:
        ClientError: The server cannot be reached, refuses, or its response is unexpected.
    """
    url = f"{address.rstrip('/')}/v1/models/{model}:predict"
    body = json.dumps(build_request(images)).encode()
    return read_response(post(url, body, {"Content-Type": "application/json"}))


if __name__ == "__main__":
    run_client(predict, "http://localhost:8501")
