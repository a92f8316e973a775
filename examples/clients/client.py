"""What the clients share: the likeliest class, one HTTP request, the command line.

Nothing here needs the project: copy this file together with a client.

    rest.py           TensorFlow Serving's REST contract, which is also KServe's v1 protocol
    grpc_serving.py   TensorFlow Serving's gRPC contract; needs tensorflow-serving-api
    kserve.py         KServe's v2 protocol (Open Inference Protocol), over HTTP

In each, `build_request` and `read_response` are the whole contract, and `predict` sends it. A
server needs no more of a pushed model than the folder `WORKSPACE/serving/MODEL`.
"""

import argparse
import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

INPUT = "image_bytes"
SIGNATURE = "serving_default"
TIMEOUT_SECONDS = 60.0


class Scored(NamedTuple):
    """A class and its probability, 0 to 1."""

    label: str
    score: float


class ClientError(Exception):
    """The server cannot be reached, refuses the request, or its response is unexpected."""


Predict = Callable[[str, str, Sequence[bytes]], list[Scored | None]]


def pick_likeliest(
    scores: Sequence[Sequence[float]],
    classes: Sequence[Sequence[str]],
    valid: Sequence[bool] | None,
) -> list[Scored | None]:
    """The likeliest class of each image.

    Args:
        scores: `[batch, classes]`, probabilities.
        classes: `[batch, classes]`, the name of each score's class.
        valid: `[batch]`, whether the image could be decoded; None of models without this output.

    Returns:
        `[batch]`; None for an image that the model cannot decode.
    """
    is_valid = [True] * len(scores) if valid is None else valid
    return [
        max(
            (Scored(name, score) for name, score in zip(*row, strict=True)),
            key=lambda one: one.score,
        )
        if can_be_decoded
        else None
        for *row, can_be_decoded in zip(classes, scores, is_valid, strict=True)
    ]


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Any:
    """Sends a request.

    Returns:
        The JSON of the response.

    Raises:
        ClientError: There is no response, or it is an error.
    """
    request = urllib.request.Request(url, body, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise ClientError(f"{url} refuses the request ({error.code}): {_reason(error)}") from error
    except ValueError as error:
        raise ClientError(f"{url} does not respond with JSON: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ClientError(f"no response from {url}: {reason}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    """Both protocols report an error as `{"error": "..."}`."""
    text = error.read().decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or str(error.reason)


def run_client(predict: Predict, example: str) -> None:
    """Predicts the images that the command line names, prints their classes and exits.

    Args:
        predict: A client's function of that name.
        example: An address, for the help.
    """
    parser = argparse.ArgumentParser(description="Predict IMAGEs in one request.")
    parser.add_argument("address", metavar="ADDRESS", help=f"such as {example}")
    parser.add_argument("model", metavar="MODEL", help="the model's name on the server")
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path)
    given = parser.parse_args()
    try:
        images = [image.read_bytes() for image in given.images]
        predictions = predict(given.address, given.model, images)
    except (ClientError, OSError) as error:
        sys.exit(f"Error: {error}")
    for image, one in zip(given.images, predictions, strict=True):
        result = f"{one.label} {100 * one.score:.1f} %" if one else "cannot be decoded"
        print(f"{image}: {result}")
    sys.exit(0 if all(predictions) else 1)
