"""One HTTP request with a JSON answer, and its errors in words."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from pipeline.clients.answers import TIMEOUT_SECONDS, ClientError


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Any:
    """Sends a request.

    Returns:
        The answer's JSON.

    Raises:
        ClientError: There is no answer, or it is an error.
    """
    request = urllib.request.Request(url, body, dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise ClientError(f"{url} refuses the request ({error.code}): {_reason(error)}") from error
    except ValueError as error:
        raise ClientError(f"{url} does not answer with JSON: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ClientError(f"there is no answer from {url}: {reason}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    """Both protocols tell a fault as `{"error": "..."}`."""
    text = error.read().decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or str(error.reason)
