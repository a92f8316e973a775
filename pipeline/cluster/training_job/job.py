"""Submits a training job, waits for it, and deletes it."""

import contextlib
import hashlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from components.errors import UserError
from components.progress import report_progress
from pipeline.cluster.training_job.chief_log import ChiefLog
from pipeline.cluster.training_job.cluster import (
    RESUMES,
    Cluster,
    JobExists,
    own_service_account,
)
from pipeline.cluster.training_job.kinds import KINDS, JobRequest, Manifest
from pipeline.cluster.training_job.spec import TrainingJobSpec
from pipeline.cluster.training_job.watch import DEFAULT_PACE, Pace, Watch

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Kubernetes kills a pod 30 s after SIGTERM.
_DELETE_SECONDS = 15.0
_LEFTOVER_SECONDS = 300.0

Manifests = list[tuple[str, Manifest]]
Uids = dict[str, str | None]
"""Uids of the resources by plural; None is any uid."""


def job_name(model_name: str, training: str) -> str:
    """The same name for each attempt of one training, and different ones for two trainings."""
    words = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-")[:20].strip("-")
    digest = hashlib.sha256(training.encode()).hexdigest()[:10]
    return f"train-{words}-{digest}" if words else f"train-{digest}"


def run_job(
    spec: TrainingJobSpec, name: str, command: Sequence[str], pace: Pace = DEFAULT_PACE
) -> None:
    """Submits a job, waits until it ends, and deletes it, also when it failed or was stopped.

    A job of this name that an earlier attempt left is deleted first: training resumes from its
    checkpoint.

    Raises:
        UserError: It could not be submitted, did not start, failed, or this process was stopped.
    """
    kind = KINDS[spec.kind]
    cluster = Cluster(kind)
    manifests = kind.build(
        JobRequest(name, command, _with_service_account(spec), _metadata(cluster))
    )
    log = ChiefLog(cluster, kind.container)
    created: Uids = {}
    with _on_signals(_raise_stopped):
        try:
            _submit(cluster, manifests, name, created, pace.poll_seconds)
            report_progress("Trainer", f"training job {name}: submitted, {spec.pods} pods")
            uid, timeout = created[kind.plural], spec.start_timeout_seconds
            watch = Watch(cluster, kind, name, uid, spec.pods, timeout, pace, log.follow)
            watch.until_done()
            log.finish(seconds=10.0)
        finally:
            # A second signal must not interrupt the deletion.
            with _on_signals(signal.SIG_IGN):
                log.finish(seconds=2.0)
                # By uid: a later attempt may have created a job of this name by now.
                _delete(Cluster(kind, _DELETE_SECONDS), created, name)


def _submit(
    cluster: Cluster, manifests: Manifests, name: str, created: Uids, poll_seconds: float
) -> None:
    """Creates the job; `created` lists its resources, also when this raises."""
    try:
        _create(cluster, manifests, created)
    except JobExists:
        report_progress("Trainer", f"training job {name}: deleting the job of an earlier attempt")
        _delete(cluster, {plural: None for plural, _ in manifests}, name)
        created.clear()
        _wait_until_gone(cluster, manifests, name, poll_seconds)
        _create(cluster, manifests, created)


def _create(cluster: Cluster, manifests: Manifests, created: Uids) -> None:
    for plural, manifest in manifests:
        # It may be created even if the response is lost.
        created[plural] = None
        try:
            created[plural] = cluster.create(plural, manifest)
        except JobExists:
            del created[plural]
            raise


def _wait_until_gone(
    cluster: Cluster, manifests: Manifests, name: str, poll_seconds: float
) -> None:
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    # Its pods, too: two chiefs at the same time would write the same files.
    while any(cluster.read(plural, name) for plural, _ in manifests) or cluster.pods(name):
        if time.monotonic() > deadline:
            plural, _ = manifests[-1]
            raise UserError(
                f"the training job {name} of an earlier attempt still exists "
                f"{_LEFTOVER_SECONDS:.0f} s after its deletion",
                hint=f"See what keeps it: kubectl -n {cluster.namespace} describe {plural} {name}",
            )
        time.sleep(poll_seconds)


def _delete(cluster: Cluster, uids: Uids, name: str) -> None:
    for plural, uid in reversed(uids.items()):
        try:
            cluster.delete(plural, name, uid)
        except UserError as error:
            # Not raised: it would hide the error of the training.
            report_progress("Trainer", f"training job {name} could not be deleted: {error.message}")


def _with_service_account(spec: TrainingJobSpec) -> TrainingJobSpec:
    """With this pod's service account, if none is set: only it may have access to the storage."""
    account = own_service_account()
    if account is None or "serviceAccountName" in spec.pod:
        return spec
    return spec.model_copy(update={"pod": {"serviceAccountName": account, **spec.pod}})


def _metadata(cluster: Cluster) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "image-pipeline"}
    pod = os.environ.get("KFP_POD_NAME") or os.environ.get("POD_NAME")
    uid = os.environ.get("KFP_POD_UID") or os.environ.get("POD_UID")
    if not pod or not uid:
        return {"namespace": cluster.namespace, "labels": labels}
    # Kubernetes deletes the job with its owner, the task's pod.
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid}
    return {"namespace": cluster.namespace, "labels": labels, "ownerReferences": [owner]}


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    """Raises, so that the job is deleted."""
    raise UserError(
        f"the training was stopped ({signal.Signals(number).name})",
        hint=RESUMES,
    )


@contextlib.contextmanager
def _on_signals(
    action: Callable[[int, FrameType | None], None] | signal.Handlers,
) -> Iterator[None]:
    """Handles SIGTERM and SIGINT; only in the main thread, as Python requires."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.signal(number, action) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
