"""The state of a run: what Kubeflow Pipelines reports, as states of our tasks.

KFP lists every node of the Argo workflow (backend/src/apiserver/server/api_converter.go,
toApiPipelineTaskDetail): for a task `trainer` the nodes `trainer-driver`, which prepares it,
`trainer`, and below it `executor` with an attempt `executor(0)` for each retry, which no field ties
to the task. Versions without ML Metadata give one entry a task, with its pods.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from pipeline.run.state import NodeWord, RunState

from .package import Package, Task

# V2beta1RuntimeState of KFP's API.
_STATES: Mapping[str, NodeWord] = {
    "PENDING": "starting",
    "RUNNING": "running",
    "PAUSED": "running",
    "CANCELING": "running",
    "SUCCEEDED": "done",
    "CACHED": "done",
    "SKIPPED": "skipped",
    "FAILED": "failed",
    "CANCELED": "stopped",
}
_OVER = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})
# Argo's zero times are in the year 1 or 1970.
_FIRST_YEAR = 2000


@dataclass(frozen=True)
class KfpTask:
    """The state of a task.

    Attributes:
        task: The task.
        state: In one word.
        seconds: How long it has been running, or ran.
        error: What KFP says went wrong, or nothing.
        pods: Names or Argo ids of pods that may have run it, the last attempt first.
        metrics: Numbers that it reported, where KFP gives them.
    """

    task: Task
    state: NodeWord
    seconds: float | None
    error: str
    pods: tuple[str, ...]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class KfpRun:
    """The state of a run.

    Attributes:
        run_id: Its id, which is KFP's job id.
        state: KFP's word for it.
        tasks: Every task, in order.
        error: What KFP says went wrong, or nothing.
        seconds: How long it has been running, or ran.
    """

    run_id: str
    state: str
    tasks: tuple[KfpTask, ...]
    error: str
    seconds: float | None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state in _OVER

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended without an error."""
        return self.state == "SUCCEEDED"

    @property
    def failed(self) -> tuple[KfpTask, ...]:
        """Tasks that failed."""
        return tuple(task for task in self.tasks if task.state == "failed")

    def update(self, state: RunState) -> None:
        """Updates the state that the views of a run show."""
        for task in self.tasks:
            if task.state == "running":
                state.set_running(task.task.name, task.seconds or 0.0)
            else:
                node = state.node(task.task.name)
                node.state, node.seconds, node.error = task.state, task.seconds, task.error


def read_run(answer: Mapping[str, Any], package: Package, now: datetime | None = None) -> KfpRun:
    """Reads a V2beta1Run."""
    now = now or datetime.now(timezone.utc)
    details = (answer.get("run_details") or {}).get("task_details") or []
    state = str(answer.get("state") or "PENDING")
    nodes = [detail for detail in details if isinstance(detail, dict)]
    return KfpRun(
        run_id=answer.get("run_id", ""),
        state=state,
        tasks=tuple(_task(task, nodes, state in _OVER, now) for task in package.tasks),
        error=_message(answer),
        seconds=_seconds(answer.get("created_at"), answer.get("finished_at"), now),
    )


def _task(
    task: Task, nodes: Sequence[Mapping[str, Any]], is_run_over: bool, now: datetime
) -> KfpTask:
    own = next((node for node in nodes if _names(node) & {task.key, task.name}), None)
    driver = next((node for node in nodes if f"{task.key}-driver" in _names(node)), None)
    driver_state = _state(driver, is_run_over)
    if own is not None:
        state = _state(own, is_run_over)
    else:
        state = "failed" if driver_state == "failed" else "waiting"
        if driver_state in ("starting", "running", "done"):
            state = "stopped" if is_run_over else "starting"
    if state == "waiting" and is_run_over:
        state = "not run"
    failed = own if own is not None else driver
    return KfpTask(
        task=task,
        state=state,
        seconds=_seconds(own.get("start_time"), own.get("end_time"), now) if own else None,
        error=next((text for node in (own, driver) if (text := _message(node or {}))), ""),
        pods=tuple(dict.fromkeys(_pods(failed, nodes))) if failed is not None else (),
        metrics=dict(_metrics(own.get("outputs"))) if own else {},
    )


def _names(node: Mapping[str, Any]) -> set[str]:
    return {node[key] for key in ("display_name", "name") if node.get(key)}


def _state(node: Mapping[str, Any] | None, is_run_over: bool) -> NodeWord:
    state = _STATES.get(str(node.get("state") or ""), "waiting") if node else "waiting"
    # A run that has ended leaves the nodes that it did not reach without a state.
    return "stopped" if is_run_over and state in ("starting", "running") else state


def _pods(node: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where the log of a node may be: its pods; the attempts below it, the last first; itself."""
    pods = node.get("pods") or []
    yield from (pod["name"] for pod in pods if "DRIVER" not in str(pod.get("type", "")))
    if node.get("pod_name"):
        yield node["pod_name"]
    # Only the time distinguishes the attempts of one task from those of another.
    attempts = [other for other in nodes if _is_attempt_of(other, node)]
    for attempt in sorted(attempts, key=lambda other: str(other.get("start_time")), reverse=True):
        yield from reversed(_children(attempt))
    yield from reversed(_children(node))


def _is_attempt_of(other: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    if not str(other.get("display_name", "")).startswith("executor"):
        return False
    if other.get("state") != node.get("state"):
        return False
    started, first = _moment(other.get("start_time")), _moment(node.get("start_time"))
    last = _moment(node.get("end_time"))
    if started is None or first is None:
        return True
    return first <= started and (last is None or started <= last)


def _children(node: Mapping[str, Any]) -> list[str]:
    children = node.get("child_tasks") or []
    return [child["pod_name"] for child in children if child.get("pod_name")]


def _metrics(outputs: Any) -> Iterator[tuple[str, float]]:
    """Numbers in the metadata of artifacts, wherever in a task's outputs they are."""
    if isinstance(outputs, list):
        for part in outputs:
            yield from _metrics(part)
    elif isinstance(outputs, dict):
        for key, part in outputs.items():
            if key == "metadata" and isinstance(part, dict):
                yield from ((k, float(v)) for k, v in part.items() if isinstance(v, int | float))
            else:
                yield from _metrics(part)


def _message(node: Mapping[str, Any]) -> str:
    error = node.get("error")
    return " ".join(str(error.get("message") or "").split()) if isinstance(error, dict) else ""


def _seconds(start: Any, end: Any, now: datetime) -> float | None:
    started = _moment(start)
    if started is None:
        return None
    return max(0.0, ((_moment(end) or now) - started).total_seconds())


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        # Python 3.10 reads neither Z nor nanoseconds.
        moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.year >= _FIRST_YEAR else None
