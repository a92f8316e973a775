"""The state of a pod of a training job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Waiting reasons that rarely resolve by themselves.
_CANNOT_START = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}


@dataclass(frozen=True)
class PodFailure:
    """When and why (`OOMKilled, exit code 137`) a pod failed; its error, or the end of its log."""

    at: datetime | None
    reason: str
    message: str


@dataclass(frozen=True)
class PodState:
    """A pod at one moment.

    Attributes:
        name: Its name.
        index: Its index; the chief is 0.
        phase: Pending, Running, Succeeded, Failed or Unknown.
        waits: Why it does not run yet; empty where Kubernetes gives no reason.
        is_stuck: Whether that reason rarely resolves by itself.
        failure: Why it failed; None if it did not.
    """

    name: str
    index: int
    phase: str
    waits: str
    is_stuck: bool
    failure: PodFailure | None


def pod_state(pod: Any, index_label: str) -> PodState:
    """Reads a V1Pod."""
    status = pod.status
    waits, is_stuck = _waits(status)
    return PodState(
        name=pod.metadata.name,
        index=int((pod.metadata.labels or {}).get(index_label, -1)),
        phase=status.phase or "Pending",
        waits=waits,
        is_stuck=is_stuck,
        failure=_failure(status) if status.phase == "Failed" else None,
    )


def _waits(status: Any) -> tuple[str, bool]:
    for container in status.container_statuses or []:
        waiting = container.state.waiting if container.state else None
        if waiting is not None and waiting.reason not in (None, "ContainerCreating"):
            return _joined(waiting.reason, waiting.message), waiting.reason in _CANNOT_START
    for condition in status.conditions or []:
        if condition.type == "PodScheduled" and condition.status == "False":
            return _joined(condition.reason, condition.message), False
    return "", False


def _failure(status: Any) -> PodFailure:
    for container in status.container_statuses or []:
        ended = container.state.terminated if container.state else None
        if ended is not None and ended.exit_code:
            reason = f"{ended.reason or 'Error'}, exit code {ended.exit_code}"
            return PodFailure(ended.finished_at, reason, (ended.message or "").strip())
    # Evicted, preempted or lost with its node: the pod has a reason, and its containers have none.
    return PodFailure(None, status.reason or "Failed", (status.message or "").strip())


def _joined(reason: str, message: str | None) -> str:
    return f"{reason}: {message}" if message else reason
