"""Failures of requests to Kubeflow Pipelines as messages with hints."""

import json
import re
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from components.errors import UserError

from .connection import Connection

if TYPE_CHECKING:
    from kfp_server_api import ApiException

_LONGEST_MESSAGE = 500
_PORT_FORWARD = (
    "Is the address right, and reachable from here? Without an ingress: kubectl -n kubeflow "
    "port-forward svc/ml-pipeline-ui 8080:80"
)


class HostError(UserError):
    """Kubeflow Pipelines cannot be reached, or a request fails.

    `status` is the response's HTTP status; 0 if there was none.
    """

    def __init__(self, message: str, hint: str | None = None, status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles by the constructor's arguments."""
        return type(self), (self.message, self.hint, self.status)


def html_instead_of_json(connection: Connection) -> HostError:
    """The error for a response that is a web page."""
    hint = (
        "The session of the token or cookie may have expired: log in again"
        if connection.has_credentials
        else "It may need a login: set KFP_COOKIE to your session's cookie, or KFP_TOKEN"
    )
    return HostError(
        f"{connection.shown_host} responds with a web page, not as Kubeflow Pipelines' API",
        f"{hint}. The address of a whole Kubeflow ends in /pipeline.",
    )


def error_response(error: "ApiException", connection: Connection, doing: str) -> HostError:
    """The error for a response with an error status; `doing` says what failed."""
    host, status, text = connection.shown_host, error.status, server_message(error.body)
    reason = f": {text}" if text else ""
    if status == 401:
        message = f"authentication failed at {host} (401, {doing}){reason}"
        hint = (
            "The token or cookie is not accepted; it may have expired"
            if connection.has_credentials
            else "Set KFP_TOKEN or --token-file to a token, or KFP_COOKIE or --cookie-file to the "
            "cookie of a session (Dex)"
        )
    elif status == 403:
        where = f"namespace {connection.namespace}" if connection.namespace else "a namespace"
        message = f"{host} denies access (403, {doing}){reason}"
        hint = f"Does your account have the role kubeflow-edit in {where}? See --namespace"
    elif status == 404:
        message = f"not found at {host} (404, {doing}){reason}"
        is_other_api = text.lower() in ("", "not found")
        hint = "Is this Kubeflow Pipelines 2? The address of a whole Kubeflow ends in /pipeline"
        hint = hint if is_other_api else ""
    elif status in (429, 502, 503, 504):
        message = f"{host} is not available ({status}, {doing}){reason}"
        hint = (
            f"Tried {len(connection.retry_seconds) + 1} times in "
            f"{sum(connection.retry_seconds):g} s. Try again later"
        )
    elif status == 400 and "http request" in text.lower():
        return _needs_https(connection)
    else:
        message, hint = (
            f"{host} rejects the request ({status}, {doing}){reason or f': {error.reason}'}",
            "",
        )
    return HostError(message, f"{hint}." if hint else None, int(status or 0))


def unreachable(error: Exception, connection: Connection, doing: str) -> HostError:
    """The error for a request without a response, or with one that is not HTTP."""
    import ssl

    from urllib3 import exceptions

    host = connection.shown_host
    if isinstance(error, OSError) and error.filename:
        return HostError(f"{error.filename} cannot be read: {error.strerror} ({doing})")
    reason: Any = getattr(error, "reason", None) or error
    if isinstance(reason, exceptions.SSLError | ssl.SSLError):
        return _untrusted(str(reason), connection)
    if isinstance(reason, exceptions.ConnectTimeoutError) and not isinstance(
        reason, exceptions.NewConnectionError
    ):
        return HostError(
            f"{host} cannot be reached: no connection in time ({doing})", _PORT_FORWARD
        )
    if isinstance(reason, exceptions.ReadTimeoutError):
        return HostError(
            f"{host} did not respond within {connection.timeout_seconds:g} s ({doing})",
            "It may be overloaded: try again, or with a longer --timeout.",
        )
    if isinstance(reason, exceptions.NewConnectionError):
        return HostError(
            f"{host} cannot be reached: {_innermost_message(reason)} ({doing})", _PORT_FORWARD
        )
    if host.startswith("http://") and _is_not_http(error):
        return _needs_https(connection)
    return HostError(f"{host} closed the connection ({doing}): {_innermost_message(reason)}")


def server_message(body: str | bytes | None) -> str:
    """The server's error message, shortened; empty if there is none."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    try:
        answer = json.loads(text)
    except ValueError:
        return "" if "<html" in text.lower() else _shortened(text)
    if not isinstance(answer, dict):
        return _shortened(text)
    # The gateway uses `message` and `error`, the upload endpoints `error_message`.
    for key in ("message", "error_message", "error"):
        if isinstance(answer.get(key), str) and answer[key]:
            return _shortened(answer[key])
    return ""


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}..."


def _untrusted(reason: str, connection: Connection) -> HostError:
    host = connection.shown_host
    if "WRONG_VERSION_NUMBER" in reason or "record layer" in reason.lower():
        return HostError(
            f"{host} does not use TLS on this port", "Does its address start with http://?"
        )
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        match = re.search(r"certificate verify failed: ([^()]*)", reason)
        why = f": {match[1].strip()}" if match else ""
        return HostError(
            f"the certificate of {host} cannot be trusted{why}",
            "Pass the certificate of the authority that signed it with --ca-file.",
        )
    return HostError(f"the TLS handshake with {host} failed: {_shortened(reason)}")


def _needs_https(connection: Connection) -> HostError:
    https = connection.shown_host.replace("http://", "https://", 1)
    return HostError(f"{connection.shown_host} uses TLS on this port", f"Use --host {https}")


def _is_not_http(error: Exception) -> bool:
    """Whether the response was not HTTP."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, HTTPException) and not isinstance(cause, ConnectionError):
            return True
        args = [arg for arg in getattr(cause, "args", ()) if isinstance(arg, Exception)]
        cause = getattr(cause, "reason", None) or (args[0] if args else None)
        cause = cause if isinstance(cause, Exception) else None
    return False


def _innermost_message(reason: object) -> str:
    """The cause inside urllib3's nested errors, such as `Connection refused`."""
    while inner := [arg for arg in getattr(reason, "args", ()) if isinstance(arg, Exception)]:
        reason = inner[-1]
    text = str(reason)
    match = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return match[1] if match else _shortened(text)
