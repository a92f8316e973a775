"""The few calls to Kubernetes that a training job needs, with their errors in words.

An API server that is away for a while (an upgrade, a lost connection) ends no training: a call
waits and tries again for some minutes.
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

# What Kubernetes mounts into each pod that may call it.
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PASSING = (429, 500, 502, 503, 504)
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
PAUSE_SECONDS = 5.0
"""Between two tries."""

Result = TypeVar("Result")


class JobExists(Exception):
    """There is a resource of that name already."""


class Cluster:
    """Jobs of one kind in this pod's namespace, which its volumes and secrets are in.

    Inside a pod, its service account calls; elsewhere, `KUBECONFIG` says where and who.

    Args:
        kind: What kind of jobs.
        patience_seconds: How long a call tries to reach an API server that is away.
    """

    def __init__(self, kind: JobKind, patience_seconds: float = 600) -> None:
        self._kind = kind
        self._patience_seconds = patience_seconds
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
        """Creates a resource.

        Returns:
            Its uid, which no other has, not even one of the same name.

        Raises:
            JobExists: There is one of that name.
            UserError: Kubernetes refuses it, or cannot be reached.
        """
        made = self._call(
            f"create {plural}",
            lambda: self._jobs.create_namespaced_custom_object(
                self._kind.group, self._kind.version, self.namespace, plural, manifest, **_TIMEOUT
            ),
        )
        return made["metadata"]["uid"]

    def read(self, plural: str, name: str) -> Manifest | None:
        """A resource as it is; None where there is none."""
        return self._found(
            f"get {plural}",
            lambda: self._jobs.get_namespaced_custom_object(
                self._kind.group, self._kind.version, self.namespace, plural, name, **_TIMEOUT
            ),
        )

    def delete(self, plural: str, name: str, uid: str | None) -> None:
        """Has a resource deleted, its pods first, if it is there.

        Args:
            plural: What it is.
            name: Its name.
            uid: Which one of that name; None is any.
        """
        # All in the body: where there is one, the API server reads no parameter of the address.
        options = client.V1DeleteOptions(
            propagation_policy="Foreground",
            preconditions=client.V1Preconditions(uid=uid) if uid else None,
        )
        self._found(
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
        """What Kubernetes has to say against these jobs and pods, the latest last."""
        events = self._call(
            "list events",
            lambda: self._core.list_namespaced_event(
                self.namespace, field_selector="type=Warning", **_TIMEOUT
            ),
        ).items
        told = [event for event in events if event.involved_object.name in names]
        told.sort(key=lambda event: str(event.last_timestamp or event.event_time))
        return [f"{event.involved_object.name}: {event.reason}: {event.message}" for event in told]

    def follow_log(self, pod: str, container: str, since_seconds: int | None) -> Iterator[str]:
        """The lines of a pod's log as they come, each after its time; until it or the line ends.

        Raises:
            ApiException, urllib3.exceptions.HTTPError: The log is not to be had.
        """
        options = {} if since_seconds is None else {"since_seconds": since_seconds}
        response = self._core.read_namespaced_pod_log(
            pod,
            self.namespace,
            container=container,
            follow=True,
            timestamps=True,
            _preload_content=False,
            # A training may say nothing for an hour.
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

    def _found(self, doing: str, call: Callable[[], Result]) -> Result | None:
        try:
            return self._call(doing, call)
        except ApiException:
            return None

    def _call(self, doing: str, call: Callable[[], Result]) -> Result:
        """Calls, patiently; what passes is the ApiException of what is away, or another by now."""
        until = time.monotonic() + self._patience_seconds
        while True:
            try:
                return call()
            except ApiException as error:
                if error.status not in _PASSING:
                    raise self._explained(doing, error) from error
                problem = f"{error.status} {error.reason}"
            except urllib3.exceptions.HTTPError as error:
                problem = str(error)
            if time.monotonic() > until:
                raise UserError(
                    f"Kubernetes has not answered for {self._patience_seconds:.0f} s "
                    f"({doing}): {problem}",
                    hint="The next try of this task goes on from the last epoch that was saved.",
                )
            report_progress("Trainer", f"Kubernetes does not answer ({problem}); trying again")
            time.sleep(min(PAUSE_SECONDS, self._patience_seconds / 10))

    def _explained(self, doing: str, error: ApiException) -> Exception:
        told = _message(error)
        if error.status in (404, 409) and not doing.startswith("create"):
            return error
        if error.status == 409:
            return JobExists(told)
        if error.status == 403:
            return UserError(
                f"Kubernetes does not let this task {doing} in the namespace "
                f"{self.namespace}: {told}",
                hint="Give its service account the role of kubeflow/rbac.yaml: kubectl apply "
                f"-n {self.namespace} -f kubeflow/rbac.yaml",
            )
        if error.status == 404:
            return UserError(
                f"this cluster knows no {self._kind.plural}.{self._kind.group}: {told}",
                hint=self._kind.install,
            )
        return UserError(f"Kubernetes refused to {doing}: {told}")


_TIMEOUT: dict[str, Any] = {"_request_timeout": (_CONNECT_SECONDS, _READ_SECONDS)}


def own_service_account() -> str | None:
    """Name of the service account that this pod runs as; None outside a pod."""
    token = _ACCOUNT / "token"
    if os.environ.get("KUBECONFIG") or not token.exists():
        return None
    # A JSON web token: its middle part, which is no secret, says whose it is.
    claims = token.read_text().split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return subject.rpartition(":")[2]


def _load_service_account(settings: client.Configuration) -> None:
    try:
        config.load_incluster_config(client_configuration=settings)
    except config.ConfigException as error:
        raise UserError(
            f"the Trainer is to submit a training job, and is in no pod that may call Kubernetes: "
            f"{error}",
            hint="Outside a cluster, leave the environment variable TRAINING_JOB unset.",
        ) from error


def _message(error: ApiException) -> str:
    """What the API server says, in its own words."""
    try:
        return json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
