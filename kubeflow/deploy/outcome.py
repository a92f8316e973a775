"""The outcome of a run on a cluster, from what its tasks report.

A refused model is a result: KFP's run succeeds, and only its tasks report the refusal. Each writes
its last event as JSON at the end of its log (`pipeline.cluster.node.NodeLog.end`); where logs
cannot be read, the metrics in KFP's API have the most important facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from components.format import duration
from components.pusher.outcome import Word
from pipeline.console.final import detail_lines, result_details
from pipeline.nodes import DECIDING, parse_facts
from pipeline.run.events import Event, Failed, Finished, parse_event
from pipeline.run.state import RunState

from ..client.api import PipelinesHost
from .log import LogTail, read_log_tail
from .run import KfpRun, KfpTask

# KFP's launcher writes into the same log after the task has ended.
_LINES_WITH_EVENT = 300
_LINES_TO_SHOW = 25


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of a run: in a word, and for people, a sentence and then its details."""

    word: Word
    lines: tuple[str, ...]


def read_outcome(host: PipelinesHost, run: KfpRun, state: RunState) -> RunOutcome:
    """Finds the outcome of a run that is over; adds what its nodes report to their state."""
    took = f" ({duration(run.seconds)})" if run.seconds is not None else ""
    if not run.has_succeeded:
        return RunOutcome("failed", tuple(_failure(host, run, took)))
    reports = sum(_add_report(host, run, task, state) for task in run.tasks)
    outcome = state.outcome
    first = f"{outcome.sentence}{took}"
    if not reports:
        first += " Its result is on the pages of its tasks."
    return RunOutcome(outcome.word, (first, *detail_lines([*result_details(state)])))


def _add_report(host: PipelinesHost, run: KfpRun, task: KfpTask, state: RunState) -> bool:
    """Adds what a task that decides reported; returns whether that is known."""
    name = task.task.name
    if name not in DECIDING or task.state not in ("done", "skipped"):
        return False
    for pod in task.pods:
        lines = read_log_tail(host, run.run_id, [pod], _LINES_WITH_EVENT).lines
        event = _last_event(lines, name)
        if isinstance(event, Finished):
            state.apply(event.model_copy(update={"seconds": task.seconds or event.seconds}))
            return True
    if task.metrics:
        state.node(name).facts = parse_facts(name, task.metrics)
    else:
        # What it decided is unknown: without it the state claims no outcome.
        state.nodes.pop(name, None)
    return bool(task.metrics)


def _failure(host: PipelinesHost, run: KfpRun, took: str) -> list[str]:
    task = run.failed[0] if run.failed else None
    where = f" in {task.task.name}" if task else ""
    if run.state == "CANCELED":
        return [f"Stopped on the cluster{where}.{took}"]
    tail = read_log_tail(host, run.run_id, task.pods, _LINES_WITH_EVENT) if task else None
    event = _last_event(tail.lines, task.task.name) if task and tail else None
    if task and isinstance(event, Failed):
        hint = [("what to do", event.hint)] if event.hint else []
        log = [("log", _kubectl_logs(host, run))]
        return [f"Failed{where}: {event.cause}{took}", *detail_lines([*hint, *log])]
    error = (task.error if task else "") or run.error
    first = f"Failed{where}{f': {error}' if error else '.'}{took}"
    return [first, *(_log_lines(tail, host, run, task) if task and tail else ())]


def _log_lines(tail: LogTail, host: PipelinesHost, run: KfpRun, task: KfpTask) -> list[str]:
    if tail.lines:
        return [
            f"The last lines of {task.task.name}'s log:",
            *(f"  | {line}" for line in tail.lines[-_LINES_TO_SHOW:]),
        ]
    return [
        f"The log of {task.task.name} cannot be read from here: {tail.why_none}.",
        f"  On the cluster: {_kubectl_logs(host, run)}",
    ]


def _kubectl_logs(host: PipelinesHost, run: KfpRun) -> str:
    namespace = host.namespace or "kubeflow"
    return f"kubectl -n {namespace} logs -l pipeline/runid={run.run_id} -c main --prefix --tail=20"


def _last_event(lines: Iterable[str], name: str) -> Event | None:
    """The last event of a node in its log."""
    for line in reversed(list(lines)):
        if not line.lstrip().startswith('{"kind"'):
            continue
        try:
            event = parse_event(line)
        except ValueError:
            continue
        if getattr(event, "component", None) == name:
            return event
    return None
