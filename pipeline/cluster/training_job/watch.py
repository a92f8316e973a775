"""Watches a training job, and gives up on it when it does not start."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.errors import UserError
from components.progress import report_progress
from pipeline.cluster.training_job.cluster import RESUMES, Cluster
from pipeline.cluster.training_job.kinds import JobKind
from pipeline.cluster.training_job.pods import PodState, pod_state
from trainer.stages.distribution import WORKER_LOST


@dataclass(frozen=True)
class Pace:
    """Seconds between two requests, and for which a pod may fail to start (a registry is away)."""

    poll_seconds: float = 2.0
    stuck_seconds: float = 180.0


DEFAULT_PACE = Pace()
"""On a cluster."""


@dataclass
class Watch:
    """Follows one job until it ends.

    The job of a later attempt has the same name, but another uid. All pods must run within
    `start_timeout_seconds`. `on_chief` gets the name of the chief's pod once that has started.
    """

    cluster: Cluster
    kind: JobKind
    name: str
    uid: str | None
    pods: int
    start_timeout_seconds: float
    pace: Pace
    on_chief: Callable[[str], None]

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._have_started = False
        self._stuck_since: float | None = None
        self._failed: dict[str, PodState] = {}
        self._reported = ""

    def until_done(self) -> None:
        """Waits for the end.

        Raises:
            UserError: It failed, was deleted, or does not start.
        """
        while not self._is_done():
            time.sleep(self.pace.poll_seconds)

    def _is_done(self) -> bool:
        job = self.cluster.read(self.kind.plural, self.name)
        if job is None or job["metadata"]["uid"] != self.uid:
            raise UserError(f"the training job {self.name} was deleted by someone", hint=RESUMES)
        states = [pod_state(pod, self.kind.index_label) for pod in self.cluster.pods(self.name)]
        # A failed pod may be deleted before the job's condition says so.
        self._failed.update({state.name: state for state in states if state.failure})
        self._follow_chief(states)
        every = job.get("status", {}).get("conditions") or []
        conditions = {one["type"]: one for one in every if one["status"] == "True"}
        if self.kind.done in conditions:
            return True
        if "Failed" in conditions:
            raise self._failure(conditions["Failed"])
        self._report(states, conditions)
        self._check_start(states)
        return False

    def _follow_chief(self, states: list[PodState]) -> None:
        for state in states:
            if state.index == 0 and state.phase in ("Running", "Succeeded", "Failed"):
                self.on_chief(state.name)

    def _report(self, states: list[PodState], conditions: dict[str, Any]) -> None:
        running = sum(state.phase == "Running" for state in states)
        ended = sum(state.phase == "Succeeded" for state in states)
        progress = f"training job {self.name}: {running} of {self.pods} pods run"
        if ended:
            progress += f", {ended} done"
        if "Restarting" in conditions:
            progress += ", restarting"
        waiting = [state for state in states if state.phase == "Pending" and state.waits]
        if waiting:
            progress += f"; {waiting[0].name} waits: {waiting[0].waits}"
        if progress != self._reported:
            report_progress("Trainer", progress)
        self._reported = progress

    def _check_start(self, states: list[PodState]) -> None:
        now = time.monotonic()
        waiting = [state for state in states if state.phase == "Pending"]
        self._have_started = self._have_started or (len(states) == self.pods and not waiting)
        if self._have_started:
            return
        stuck = [state for state in waiting if state.is_stuck]
        self._stuck_since = (self._stuck_since or now) if stuck else None
        if self._stuck_since and now - self._stuck_since >= self.pace.stuck_seconds:
            raise UserError(
                f"pod {stuck[0].name} of the training job cannot start: {stuck[0].waits}",
                hint="Check the image, its pull secrets and the volumes of the configuration's "
                "kubeflow section.",
            )
        if now - self._started >= self.start_timeout_seconds:
            raise self._not_started(states, waiting)

    def _not_started(self, states: list[PodState], waiting: list[PodState]) -> UserError:
        reasons = [f"{state.name}: {state.waits}" for state in waiting if state.waits]
        running = len(states) - len(waiting)
        if len(reasons) < self.pods - running:
            # A quota or an error of the operator shows in events only.
            names = [self.name, *(state.name for state in states)]
            with contextlib.suppress(UserError):
                reasons += self.cluster.warnings(names)[-3:]
        hint = (
            "Free the missing GPUs or memory, request less, or raise "
            "kubeflow.training.start_timeout_seconds."
        )
        if not states:
            hint = (
                f"No pod was created. Does the operator for {self.kind.plural} run, and does the "
                "namespace's quota allow the pods?"
            )
        return UserError(
            f"after {self.start_timeout_seconds:.0f} s only {running} of {self.pods} pods of the "
            f"training job {self.name} run" + "".join(f"\n  {reason}" for reason in reasons),
            hint=hint,
        )

    def _failure(self, condition: dict[str, Any]) -> UserError:
        failed = [state for state in self._failed.values() if state.failure]
        if not failed:
            reason = condition.get("message") or condition.get("reason") or "no reason is given"
            return UserError(f"the training job {self.name} failed: {reason}", hint=RESUMES)
        first = min(failed, key=_failure_order)
        assert first.failure is not None
        return UserError(
            f"pod {first.name} of the training job failed ({first.failure.reason})"
            + "".join(f"\n  {line}" for line in first.failure.message.splitlines()),
            hint=RESUMES,
        )


def _failure_order(state: PodState) -> tuple[bool, str, int]:
    """By time: the first failure caused the others."""
    assert state.failure is not None
    # The clocks of two nodes may differ, but a pod that only lost another one says so.
    is_follower = WORKER_LOST in state.failure.message
    return is_follower, str(state.failure.at or ""), state.index
