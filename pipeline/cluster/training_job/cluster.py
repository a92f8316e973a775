"""The calls to the Kubernetes API that a training job needs, with clear errors.

An API server that is unavailable for a while (an upgrade, a lost connection) does not end a
training: a call is retried for some minutes.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from components.errors import UserError
from components.progress import report_progress
from pipeline.cluster.training_job.kinds import JobKind, Manifest

# Kubernetes mounts it into each pod that may call its API.
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TRANSIENT_STATUSES = (429, 500, 502, 503, 504)
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
PAUSE_SECONDS = 5.0
"""Between two attempts of a call."""
RESUMES = "The next attempt of this task resumes after the last epoch that was saved."
"""Hint for errors that end a training."""

Result = TypeVar("Result")


class JobExists(Exception):
    """A resource of that name exists already."""


class Cluster:
    """Jobs of one kind in this pod's namespace, which also has its volumes and secrets.

    Authenticates with the pod's service account, outside a pod with `KUBECONFIG`.

    A call is retried for `retry_seconds` while the API server is unavailable.
    """

    def __init__(self, kind: JobKind, retry_seconds: float = 600) -> None:
        self._kind = kind
        self._retry_seconds = retry_seconds
        settings = client.Configuration()
        file = os.environ.get("KUBECONFIG")
        if file:
            config.load_kube_config(file, client_configuration=settings)
            _, context = config.list_kube_config_contexts(file)
            self.namespace = context["context"].get("namespace", "default")
        else:
            _load_service_account(settings)
            self.namespace = (_ACCOUNT / "namespace").read_text()
        settings.retries = False
        self._api = client.ApiClient(settings)
        self._jobs = client.CustomObjectsApi(self._api)
        self._core = client.CoreV1Api(self._api)

    def create(self, plural: str, manifest: Manifest) -> str:
        """Creates a resource; returns its uid, which no later one of the same name has.

        Raises:
            JobExists: One of that name exists.
            UserError: Kubernetes rejects it, or cannot be reached.
        """
        created = self._call(
            f"create {plural}",
            lambda: self._jobs.create_namespaced_custom_object(
                self._kind.group, self._kind.version, self.namespace, plural, manifest, **_TIMEOUT
            ),
        )
        return created["metadata"]["uid"]

    def read(self, plural: str, name: str) -> Manifest | None:
        """A resource, or None if it does not exist."""
        return self._unless_missing(
            f"get {plural}",
            lambda: self._jobs.get_namespaced_custom_object(
                self._kind.group, self._kind.version, self.namespace, plural, name, **_TIMEOUT
            ),
        )

    def delete(self, plural: str, name: str, uid: str | None) -> None:
        """Deletes a resource with this uid, or any, its pods first, if it exists."""
        # In the body: the API server ignores query parameters where there is a body.
        options = client.V1DeleteOptions(
            propagation_policy="Foreground",
            preconditions=client.V1Preconditions(uid=uid) if uid else None,
        )
        self._unless_missing(
            f"delete {plural}",
            lambda: self._jobs.delete_namespaced_custom_object(
                self._kind.group,
                self._kind.version,
                self.namespace,
                plural,
                name,
                body=options,
                **_TIMEOUT,
            ),
        )

    def pods(self, job: str) -> list[client.V1Pod]:
        """The pods of a job."""
        selector = self._kind.selector.format(name=job)
        return self._call(
            "list pods",
            lambda: self._core.list_namespaced_pod(
                self.namespace, label_selector=selector, **_TIMEOUT
            ),
        ).items

    def warnings(self, names: list[str]) -> list[str]:
        """The warning events of these jobs and pods, the latest last."""
        events = self._call(
            "list events",
            lambda: self._core.list_namespaced_event(
                self.namespace, field_selector="type=Warning", **_TIMEOUT
            ),
        ).items
        warnings = [event for event in events if event.involved_object.name in names]
        warnings.sort(key=lambda event: str(event.last_timestamp or event.event_time))
        return [
            f"{event.involved_object.name}: {event.reason}: {event.message}" for event in warnings
        ]

    def follow_log(self, pod: str, container: str, since_seconds: int | None) -> Iterator[str]:
        """The lines of a pod's log as they are written, each after its time, until the stream ends.

        Raises:
            ApiException, urllib3.exceptions.HTTPError: The log cannot be read.
        """
        options = {} if since_seconds is None else {"since_seconds": since_seconds}
        response = self._core.read_namespaced_pod_log(
            pod,
            self.namespace,
            container=container,
            follow=True,
            timestamps=True,
            _preload_content=False,
            # A training may log nothing for an hour.
            _request_timeout=(_CONNECT_SECONDS, 3600),
            **options,
        )
        rest = b""
        try:
            for part in response.stream(amt=None, decode_content=True):
                *lines, rest = (rest + part).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
        finally:
            response.release_conn()

    def _unless_missing(self, doing: str, call: Callable[[], Result]) -> Result | None:
        try:
            return self._call(doing, call)
        except ApiException:
            return None

    def _call(self, doing: str, call: Callable[[], Result]) -> Result:
        """Calls, and retries; ApiException means that the resource is missing or has changed."""
        deadline = time.monotonic() + self._retry_seconds
        while True:
            try:
                return call()
            except ApiException as error:
                if error.status not in _TRANSIENT_STATUSES:
                    raise self._clear_error(doing, error) from error
                problem = f"{error.status} {error.reason}"
            except urllib3.exceptions.HTTPError as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise UserError(
                    f"Kubernetes has not answered for {self._retry_seconds:.0f} s "
                    f"({doing}): {problem}",
                    hint=RESUMES,
                )
            report_progress("Trainer", f"Kubernetes does not answer ({problem}); retrying")
            time.sleep(min(PAUSE_SECONDS, self._retry_seconds / 10))

    def _clear_error(self, doing: str, error: ApiException) -> Exception:
        reason = _message(error)
        if error.status in (404, 409) and not doing.startswith("create"):
            return error
        if error.status == 409:
            return JobExists(reason)
        if error.status == 403:
            return UserError(
                f"Kubernetes does not let this task {doing} in the namespace "
                f"{self.namespace}: {reason}",
                hint="Give its service account the role of kubeflow/rbac.yaml: kubectl apply "
                f"-n {self.namespace} -f kubeflow/rbac.yaml",
            )
        if error.status == 404:
            return UserError(
                f"this cluster does not have {self._kind.plural}.{self._kind.group}: {reason}",
                hint=self._kind.install,
            )
        return UserError(f"Kubernetes refused to {doing}: {reason}")


_TIMEOUT: dict[str, Any] = {"_request_timeout": (_CONNECT_SECONDS, _READ_SECONDS)}


def own_service_account() -> str | None:
    """Name of this pod's service account; None outside a pod."""
    token = _ACCOUNT / "token"
    if os.environ.get("KUBECONFIG") or not token.exists():
        return None
    # A JSON web token: its middle part, the claims, is not encrypted.
    claims = token.read_text().split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return subject.rpartition(":")[2]


def _load_service_account(settings: client.Configuration) -> None:
    try:
        config.load_incluster_config(client_configuration=settings)
    except config.ConfigException as error:
        raise UserError(
            f"the Trainer cannot submit a training job: it is not in a pod that may call "
            f"Kubernetes: {error}",
            hint="Outside a cluster, leave the environment variable TRAINING_JOB unset.",
        ) from error


def _message(error: ApiException) -> str:
    """The API server's own message."""
    try:
        return json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
