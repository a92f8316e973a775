"""What went wrong between here and Kubeflow Pipelines, in a sentence and with what to do."""

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
    "Is the address right, and reached from here? Without an ingress: kubectl -n kubeflow "
    "port-forward svc/ml-pipeline-ui 8080:80"
)


class HostError(UserError):
    """Kubeflow Pipelines cannot be reached, or does not do what it is asked.

    Attributes:
        status: HTTP status of its answer; 0 where none came.
    """

    def __init__(self, message: str, hint: str | None = None, status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles by the constructor's arguments."""
        return type(self), (self.message, self.hint, self.status)


def page_instead_of_answer(connection: Connection) -> HostError:
    """The host answered with a page for people."""
    who = (
        "The session of the token or cookie may have ended: log in anew"
        if connection.has_credentials
        else "It may want a login: set KFP_COOKIE to your session's cookie, or KFP_TOKEN"
    )
    return HostError(
        f"{connection.shown_host} answers with a web page, not as Kubeflow Pipelines' API does",
        f"{who}. The address of a whole Kubeflow ends in /pipeline.",
    )


def refused(error: "ApiException", connection: Connection, doing: str) -> HostError:
    """An answer with an error status.

    Args:
        error: The answer.
        connection: Who was asked.
        doing: What for, as in "while ...".
    """
    host, status, said = connection.shown_host, error.status, server_message(error.body)
    told = f": {said}" if said else ""
    if status == 401:
        message = f"{host} does not know who asks (401, {doing}){told}"
        hint = (
            "The token or cookie is not accepted; it may have run out"
            if connection.has_credentials
            else "Set KFP_TOKEN or --token-file to a token, or KFP_COOKIE or --cookie-file to the "
            "cookie of a session (Dex)"
        )
    elif status == 403:
        where = f"namespace {connection.namespace}" if connection.namespace else "a namespace"
        message = f"{host} does not let you do this (403, {doing}){told}"
        hint = f"Does your account have the role kubeflow-edit in {where}? See --namespace"
    elif status == 404:
        message = f"{host} does not have what was asked for (404, {doing}){told}"
        is_other_api = said.lower() in ("", "not found")
        hint = "Is this Kubeflow Pipelines 2? The address of a whole Kubeflow ends in /pipeline"
        hint = hint if is_other_api else ""
    elif status in (429, 502, 503, 504):
        message = f"{host} is out of service ({status}, {doing}){told}"
        hint = (
            f"Asked {len(connection.retry_seconds) + 1} times in "
            f"{sum(connection.retry_seconds):g} s. Try again later"
        )
    elif status == 400 and "http request" in (said or "").lower():
        return _speaks_tls(connection)
    else:
        message, hint = f"{host} refuses ({status}, {doing}){told or f': {error.reason}'}", ""
    return HostError(message, f"{hint}." if hint else None, int(status or 0))


def unreachable(error: Exception, connection: Connection, doing: str) -> HostError:
    """No answer, or none that is HTTP."""
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
            f"{host} did not answer within {connection.timeout_seconds:g} s ({doing})",
            "It may have too much to do: try again, or with a longer --timeout.",
        )
    if isinstance(reason, exceptions.NewConnectionError):
        return HostError(
            f"{host} cannot be reached: {_last_words(reason)} ({doing})", _PORT_FORWARD
        )
    if host.startswith("http://") and _is_garbled(error):
        return _speaks_tls(connection)
    return HostError(f"{host} broke off the connection ({doing}): {_last_words(reason)}")


def server_message(body: str | bytes | None) -> str:
    """What the server says of an error, shortened; nothing where it says nothing readable."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    try:
        said = json.loads(text)
    except ValueError:
        return "" if "<html" in text.lower() else _shortened(text)
    if not isinstance(said, dict):
        return _shortened(text)
    # The gateway says `message` and `error`, the upload endpoints `error_message`.
    for key in ("message", "error_message", "error"):
        if isinstance(said.get(key), str) and said[key]:
            return _shortened(said[key])
    return ""


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}..."


def _untrusted(reason: str, connection: Connection) -> HostError:
    host = connection.shown_host
    if "WRONG_VERSION_NUMBER" in reason or "record layer" in reason.lower():
        return HostError(
            f"{host} speaks no TLS on this port", "Does its address start with http://?"
        )
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        found = re.search(r"certificate verify failed: ([^()]*)", reason)
        why = f": {found[1].strip()}" if found else ""
        return HostError(
            f"the certificate of {host} cannot be trusted{why}",
            "Name the certificate of the authority that signed it in --ca-file.",
        )
    return HostError(f"{host} and this program cannot agree on TLS: {_shortened(reason)}")


def _speaks_tls(connection: Connection) -> HostError:
    https = connection.shown_host.replace("http://", "https://", 1)
    return HostError(f"{connection.shown_host} speaks TLS on this port", f"Use --host {https}")


def _is_garbled(error: Exception) -> bool:
    """Whether the answer was no HTTP at all."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, HTTPException) and not isinstance(cause, ConnectionError):
            return True
        args = [arg for arg in getattr(cause, "args", ()) if isinstance(arg, Exception)]
        cause = getattr(cause, "reason", None) or (args[0] if args else None)
        cause = cause if isinstance(cause, Exception) else None
    return False


def _last_words(reason: object) -> str:
    """`Connection refused` of all that urllib3 says around it."""
    while inner := [arg for arg in getattr(reason, "args", ()) if isinstance(arg, Exception)]:
        reason = inner[-1]
    text = str(reason)
    found = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return found[1] if found else _shortened(text)
