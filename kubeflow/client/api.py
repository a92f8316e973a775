"""Kubeflow Pipelines' API with timeouts, retries and clear errors.

Uses `kfp.Client` for addresses and credentials, and the calls that are generated from KFP's
published v2beta1 API for everything else: these take a timeout, and print nothing.
"""

import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from components.errors import UserError

from .connection import Connection, pod_namespace
from .errors import HostError, error_response, html_instead_of_json, unreachable

if TYPE_CHECKING:
    import kfp

Item = TypeVar("Item")

_CONNECT_SECONDS = 10
_PAGE_SIZE = 100
_CHUNK_BYTES = 1 << 16
# Too many requests, or a gateway without a server behind it: a retry may succeed.
_UNAVAILABLE = frozenset({429, 502, 503, 504})
# After these, the request may have taken effect nevertheless.
_MAY_HAVE_TAKEN_EFFECT = _UNAVAILABLE | {0, 400, 409, 500}


class PipelinesHost:
    """A Kubeflow Pipelines installation.

    Raises:
        UserError: If it cannot be reached, or needs a namespace (multi-user mode).
    """

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep
        self._client = self._connect()
        health = self.call("checking its health", self._client.healthzs.get_healthz)
        namespace = connection.namespace or self._client.get_user_namespace() or pod_namespace()
        self.is_multi_user = bool(health.multi_user)
        if self.is_multi_user and namespace is None:
            raise UserError(
                f"{connection.shown_host} has several users, and needs a namespace",
                "Pass your namespace (profile) with --namespace.",
            )
        # An installation for a single user has no namespaces.
        self.namespace = namespace if self.is_multi_user else None

    @property
    def api(self) -> "kfp.Client":
        """The generated calls: `api.pipelines`, `api.experiments`, `api.runs`, ..."""
        return self._client

    def link(self, path: str) -> str:
        """The URL of a page of KFP's user interface."""
        return f"{self._client.url_prefix}/#/{path}"

    def call(self, doing: str, action: Callable[..., Any], **arguments: Any) -> Any:
        """Makes a call, and retries while the host is not available; `doing` is for messages.

        Raises:
            HostError: If it fails.
        """
        for wait in (*self.connection.retry_seconds, None):
            try:
                return self._once(doing, action, **arguments)
            except HostError as error:
                if wait is None or error.status not in _UNAVAILABLE:
                    raise
                self._sleep(wait)
        raise AssertionError("the loop returns or raises")

    def create(
        self,
        doing: str,
        find: Callable[[], Item | None],
        action: Callable[..., Item],
        **arguments: Any,
    ) -> Item:
        """Creates an item, but not twice.

        A call that fails may have taken effect: a gateway timed out, or another client was faster
        (409). So after each failure the item is looked up before a retry.

        `find` looks the item up.

        Raises:
            HostError: If it can be neither created nor found.
        """
        for wait in (*self.connection.retry_seconds, None):
            try:
                return self._once(doing, action, **arguments)
            except HostError as error:
                if error.status not in _MAY_HAVE_TAKEN_EFFECT:
                    raise
                if (existing := find()) is not None:
                    return existing
                if wait is None or error.status not in _UNAVAILABLE:
                    raise
                self._sleep(wait)
        raise AssertionError("the loop returns or raises")

    def pages(
        self, doing: str, action: Callable[..., Any], items: str, **arguments: Any
    ) -> Iterator[Any]:
        """The items of a list call, page by page; the response has them in the field `items`."""
        token = ""
        while True:
            answer = self.call(doing, action, page_token=token, page_size=_PAGE_SIZE, **arguments)
            yield from getattr(answer, items) or ()
            token = answer.next_page_token
            if not token:
                return

    def read_text(self, doing: str, path: str, query: dict[str, str]) -> Iterator[bytes]:
        """The content of a path in chunks; for what the published API does not have.

        Raises:
            HostError: If there is none, or it is a web page.
        """
        response = self._once(
            doing,
            self._client.raw_get,
            path=path,
            query=list(query.items()),
            _preload_content=False,
        )
        for number, chunk in enumerate(response.stream(_CHUNK_BYTES)):
            # Detected by its content: the user interface sends logs as text/html, too.
            if number == 0 and chunk.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
                raise html_instead_of_json(self.connection)
            yield chunk

    def read_json(self, doing: str, action: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """The response of a call as JSON, with fields that are newer than the generated client.

        Raises:
            HostError: If it fails.
        """
        response = self.call(doing, action, _preload_content=False, **arguments)
        try:
            answer = json.loads(response.data)
        except ValueError:
            raise html_instead_of_json(self.connection) from None
        return answer if isinstance(answer, dict) else {}

    def _once(self, doing: str, action: Callable[..., Any], **arguments: Any) -> Any:
        from kfp_server_api import ApiException
        from urllib3.exceptions import HTTPError

        timeout = (_CONNECT_SECONDS, self.connection.timeout_seconds)
        try:
            answer = action(**arguments, _request_timeout=timeout)
        except ApiException as error:
            raise error_response(error, self.connection, doing) from None
        except (HTTPError, OSError) as error:
            raise unreachable(error, self.connection, doing) from None
        except (AttributeError, TypeError, ValueError):
            # The generated code raises these for JSON that does not fit the API.
            if self._client.last_response_is_html():
                raise html_instead_of_json(self.connection) from None
            raise
        if arguments.get("_preload_content", True) and self._client.last_response_is_html():
            raise html_instead_of_json(self.connection)
        return answer

    def _connect(self) -> Any:
        from .kfp import connect

        with warnings.catch_warnings():
            # "This client only works with Kubeflow Pipeline v2.0.0-beta.2 and later".
            warnings.simplefilter("ignore", FutureWarning)
            return connect(self.connection)


def named(name: str) -> str:
    """A filter for list calls: items with this name (backend/api/v2beta1/filter.proto)."""
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})
