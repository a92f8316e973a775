"""Asks a model over TensorFlow Serving's REST contract, which is also KServe's v1 protocol.

    python -m pipeline.clients.rest http://localhost:8501 digits a.png b.png

The contract: https://www.tensorflow.org/tfx/serving/api_rest, "Predict API" and "Encoding binary
values".
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from pipeline.clients.answers import SIGNATURE, ClientError, pick_likeliest
from pipeline.clients.http import post
from pipeline.predict.prediction import Scored


def build_request(images: Sequence[bytes]) -> dict[str, Any]:
    """The request, in row format.

    Args:
        images: Files as they are: JPEG, PNG, GIF or BMP.
    """
    # Of a signature with one input, an instance is the input itself. Bytes go as base64.
    instances = [{"b64": base64.b64encode(one).decode("ascii")} for one in images]
    return {"signature_name": SIGNATURE, "instances": instances}


def read_answers(answer: dict[str, Any]) -> list[Scored | None]:
    """The likeliest class of each image; None for one that the model cannot decode.

    Args:
        answer: The server's answer: an object for each image, with the model's outputs.

    Raises:
        ClientError: It is something else.
    """
    try:
        rows = answer["predictions"]
        valid = [row["valid"] for row in rows if "valid" in row]
        scores, classes = ([row[name] for row in rows] for name in ("scores", "classes"))
        return pick_likeliest(scores, classes, valid or None)
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError(f"the server answers something else: {str(answer)[:200]}") from error


def ask(address: str, model: str, images: Sequence[bytes]) -> list[Scored | None]:
    """Asks the newest version of a model.

    Args:
        address: As `http://localhost:8501`.
        model: Its name.
        images: Files as they are.

    Raises:
        ClientError: The server cannot be reached, refuses, or answers something else.
    """
    url = f"{address.rstrip('/')}/v1/models/{model}:predict"
    body = json.dumps(build_request(images)).encode()
    return read_answers(post(url, body, {"Content-Type": "application/json"}))


if __name__ == "__main__":
    from pipeline.clients.command import run_client

    run_client(ask, "http://localhost:8501")
