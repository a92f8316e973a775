"""A training job from its submission to its removal, whatever the end is."""

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
from pipeline.cluster.training_job.cluster import Cluster, JobExists, own_service_account
from pipeline.cluster.training_job.kinds import KINDS, JobRequest, Manifest
from pipeline.cluster.training_job.spec import TrainingJobSpec
from pipeline.cluster.training_job.watch import DEFAULT_PACE, Pace, Watch

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Kubernetes kills a pod 30 s after SIGTERM.
_PATIENCE_AT_THE_END_SECONDS = 15.0
_LEFTOVER_SECONDS = 300.0

Manifests = list[tuple[str, Manifest]]
Uids = dict[str, str | None]
"""Which resources are meant, by plural; None is any of the job's name."""


def job_name(model_name: str, training: str) -> str:
    """A name that each try of one training has, and no other.

    Args:
        model_name: To be recognized by a person.
        training: What tells trainings apart, as a text of any length.
    """
    words = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-")[:20].strip("-")
    digest = hashlib.sha256(training.encode()).hexdigest()[:10]
    return f"train-{words}-{digest}" if words else f"train-{digest}"


def run_job(
    spec: TrainingJobSpec, name: str, command: Sequence[str], pace: Pace = DEFAULT_PACE
) -> None:
    """Submits a job, follows it to its end, and deletes it, also where it failed or was stopped.

    Args:
        spec: What the pods are like.
        name: The job's name. A job that an earlier try has left under it is deleted first: it
            trains nothing that the checkpoint does not hold.
        command: What each pod runs.
        pace: Times of the watch.

    Raises:
        UserError: It could not be submitted, did not start, failed, or this process was stopped.
    """
    kind = KINDS[spec.kind]
    cluster = Cluster(kind)
    manifests = kind.build(JobRequest(name, command, _as_this_pod(spec), _metadata(cluster)))
    log = ChiefLog(cluster, kind.container)
    made: Uids = {}
    with _on_signals(_stop):
        try:
            _submit(cluster, manifests, name, made, pace.poll_seconds)
            report_progress("Trainer", f"training job {name}: submitted, {spec.pods} pods")
            uid, timeout = made[kind.plural], spec.start_timeout_seconds
            watch = Watch(cluster, kind, name, uid, spec.pods, timeout, pace, log.follow)
            watch.until_done()
            log.finish(seconds=10.0)
        finally:
            # Not to be stopped a second time.
            with _on_signals(signal.SIG_IGN):
                log.finish(seconds=2.0)
                # By then, a later try may have taken the name: its job is not this one's to delete.
                _delete(Cluster(kind, _PATIENCE_AT_THE_END_SECONDS), made, name)


def _submit(
    cluster: Cluster, manifests: Manifests, name: str, made: Uids, poll_seconds: float
) -> None:
    """Creates the job, and notes in `made` what is there of it, also where it breaks off."""
    try:
        _create(cluster, manifests, made)
    except JobExists:
        report_progress("Trainer", f"training job {name}: deleting what an earlier try has left")
        _delete(cluster, {plural: None for plural, _ in manifests}, name)
        made.clear()
        _wait_until_gone(cluster, manifests, name, poll_seconds)
        _create(cluster, manifests, made)


def _create(cluster: Cluster, manifests: Manifests, made: Uids) -> None:
    for plural, manifest in manifests:
        # It may be there without an answer that says so.
        made[plural] = None
        try:
            made[plural] = cluster.create(plural, manifest)
        except JobExists:
            del made[plural]
            raise


def _wait_until_gone(
    cluster: Cluster, manifests: Manifests, name: str, poll_seconds: float
) -> None:
    until = time.monotonic() + _LEFTOVER_SECONDS
    # Its pods, too: two chiefs at once would write the same files.
    while any(cluster.read(plural, name) for plural, _ in manifests) or cluster.pods(name):
        if time.monotonic() > until:
            plural, _ = manifests[-1]
            raise UserError(
                f"the training job {name} of an earlier try is still there, "
                f"{_LEFTOVER_SECONDS:.0f} s after it was deleted",
                hint=f"See what holds it: kubectl -n {cluster.namespace} describe {plural} {name}",
            )
        time.sleep(poll_seconds)


def _delete(cluster: Cluster, uids: Uids, name: str) -> None:
    for plural, uid in reversed(uids.items()):
        try:
            cluster.delete(plural, name, uid)
        except UserError as error:
            # What is being raised already, if anything, is what the person has to know.
            report_progress("Trainer", f"training job {name} could not be deleted: {error.message}")


def _as_this_pod(spec: TrainingJobSpec) -> TrainingJobSpec:
    """With this pod's service account, where none is said: storage may be open to it alone."""
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
    # Who deletes the run's pods deletes the job with them.
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid}
    return {"namespace": cluster.namespace, "labels": labels, "ownerReferences": [owner]}


def _stop(number: int, frame: FrameType | None) -> None:
    """Raises, so that the job goes with its Trainer."""
    raise UserError(
        f"the training was stopped ({signal.Signals(number).name})",
        hint="The next try of this task goes on from the last epoch that was saved.",
    )


@contextlib.contextmanager
def _on_signals(
    action: Callable[[int, FrameType | None], None] | signal.Handlers,
) -> Iterator[None]:
    """Has SIGTERM and SIGINT do this; Python lets the main thread alone say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, action) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
