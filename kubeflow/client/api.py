"""Kubeflow Pipelines as the commands use it: with timeouts, patience and clear errors.

Built on `kfp.Client` for addresses and credentials, and on the calls that are generated from KFP's
published v2beta1 API for everything else: these take a timeout, and print nothing.
"""

import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from components.errors import UserError

from .connection import Connection, pod_namespace
from .errors import HostError, page_instead_of_answer, refused, unreachable

if TYPE_CHECKING:
    import kfp

Found = TypeVar("Found")

_CONNECT_SECONDS = 10
_PAGE_SIZE = 100
_PIECE_BYTES = 1 << 16
# Too many requests, or a gateway without a server behind it: later may do.
_OUT_OF_SERVICE = frozenset({429, 502, 503, 504})
# After these, what was asked for may be there nevertheless.
_MAY_BE_DONE = _OUT_OF_SERVICE | {0, 400, 409, 500}


class PipelinesHost:
    """One Kubeflow Pipelines.

    Args:
        connection: How to reach it.
        sleep: Waits some seconds.

    Raises:
        UserError: If it cannot be reached, or several users share it and no namespace is named.
    """

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._sleep = sleep
        self._client = self._connected()
        health = self.call("asking for its health", self._client.healthzs.get_healthz)
        given = connection.namespace or self._client.get_user_namespace() or pod_namespace()
        self.is_multi_user = bool(health.multi_user)
        if self.is_multi_user and given is None:
            raise UserError(
                f"{connection.shown_host} has several users: it needs to know whose this is",
                "Name your namespace (profile) in --namespace.",
            )
        # An installation for one user has no namespaces: there it says nothing.
        self.namespace = given if self.is_multi_user else None

    @property
    def api(self) -> "kfp.Client":
        """The generated calls: `api.pipelines`, `api.experiments`, `api.runs`, ..."""
        return self._client

    def link(self, path: str) -> str:
        """The address of a page of KFP's user interface."""
        return f"{self._client.url_prefix}/#/{path}"

    def call(self, doing: str, action: Callable[..., Any], **arguments: Any) -> Any:
        """Makes a call, again where the host is out of service.

        Args:
            doing: What for, for messages: "listing pipelines".
            action: The generated call.
            arguments: What it takes.

        Raises:
            HostError: If it cannot be done.
        """
        for wait in (*self.connection.retry_seconds, None):
            try:
                return self._once(doing, action, **arguments)
            except HostError as error:
                if wait is None or error.status not in _OUT_OF_SERVICE:
                    raise
                self._sleep(wait)
        raise AssertionError("the loop returns or raises")

    def create(
        self,
        doing: str,
        find: Callable[[], Found | None],
        action: Callable[..., Found],
        **arguments: Any,
    ) -> Found:
        """Makes something that shall be there once.

        A call that fails may have had its effect: a gateway that gave up, somebody else who was
        faster (409). So after each failure it is looked for first.

        Args:
            doing: What for, for messages.
            find: Looks for it.
            action: The generated call that makes it.
            arguments: What that takes.

        Raises:
            HostError: If it can be neither made nor found.
        """
        for wait in (*self.connection.retry_seconds, None):
            try:
                return self._once(doing, action, **arguments)
            except HostError as error:
                if error.status not in _MAY_BE_DONE:
                    raise
                if (found := find()) is not None:
                    return found
                if wait is None or error.status not in _OUT_OF_SERVICE:
                    raise
                self._sleep(wait)
        raise AssertionError("the loop returns or raises")

    def pages(
        self, doing: str, action: Callable[..., Any], items: str, **arguments: Any
    ) -> Iterator[Any]:
        """Everything that a list call has, page by page.

        Args:
            doing: What for, for messages.
            action: The generated call.
            items: Where its answer holds the things listed.
            arguments: What it takes besides a page.
        """
        token = ""
        while True:
            answer = self.call(doing, action, page_token=token, page_size=_PAGE_SIZE, **arguments)
            yield from getattr(answer, items) or ()
            token = answer.next_page_token
            if not token:
                return

    def read_text(self, doing: str, path: str, query: dict[str, str]) -> Iterator[bytes]:
        """What lies at a path, piece by piece; for what the published API lacks.

        Raises:
            HostError: If there is nothing, or a page for people.
        """
        response = self._once(
            doing,
            self._client.raw_get,
            path=path,
            query=list(query.items()),
            _preload_content=False,
        )
        for number, piece in enumerate(response.stream(_PIECE_BYTES)):
            # By its content: the user interface sends logs as text/html, too.
            if number == 0 and piece.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
                raise page_instead_of_answer(self.connection)
            yield piece

    def read_json(self, doing: str, action: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """The answer of a call as the server wrote it, with fields that are newer than this client.

        Raises:
            HostError: If it cannot be done.
        """
        response = self.call(doing, action, _preload_content=False, **arguments)
        try:
            answer = json.loads(response.data)
        except ValueError:
            raise page_instead_of_answer(self.connection) from None
        return answer if isinstance(answer, dict) else {}

    def _once(self, doing: str, action: Callable[..., Any], **arguments: Any) -> Any:
        from kfp_server_api import ApiException
        from urllib3.exceptions import HTTPError

        timeout = (_CONNECT_SECONDS, self.connection.timeout_seconds)
        try:
            answer = action(**arguments, _request_timeout=timeout)
        except ApiException as error:
            raise refused(error, self.connection, doing) from None
        except (HTTPError, OSError) as error:
            raise unreachable(error, self.connection, doing) from None
        except (AttributeError, TypeError, ValueError):
            # The generated code stumbles over what is no JSON of this API.
            if self._client.has_answered_with_a_page():
                raise page_instead_of_answer(self.connection) from None
            raise
        if arguments.get("_preload_content", True) and self._client.has_answered_with_a_page():
            raise page_instead_of_answer(self.connection)
        return answer

    def _connected(self) -> Any:
        from .kfp import connect

        with warnings.catch_warnings():
            # "This client only works with Kubeflow Pipeline v2.0.0-beta.2 and later".
            warnings.simplefilter("ignore", FutureWarning)
            return connect(self.connection)


def named(name: str) -> str:
    """A filter of list calls: what has this name (backend/api/v2beta1/filter.proto)."""
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})
