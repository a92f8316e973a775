"""What a run that is over came to: a model in service, a refused one, or a failure.

A refusal is a result: the run succeeds, and only its tasks can tell. Their metrics say it where
KFP's API gives them, and the last lines of their logs elsewhere (pipeline/cluster/node_report.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from pipeline.console.headlines import duration

from ..client.api import PipelinesHost
from .log import LogTail, read_log_tail
from .run import RunState, TaskState

Word = Literal["pushed", "unchanged", "refused", "succeeded", "failed", "stopped"]
EXIT_CODES: dict[Word, int] = {
    "pushed": 0,
    "unchanged": 0,
    "succeeded": 0,
    "failed": 1,
    "stopped": 1,
    "refused": 3,
}
# The tasks that decide, in the order in which they do.
_JUDGES = {"Evaluator": "blessed", "ServingCheck": "passed"}
_PUSHER = "Pusher"
_REASON = "  because  "
# KFP's launcher writes into the same log after the task has said what it came to.
_LINES_WITH_REPORT = 300


@dataclass(frozen=True)
class RunOutcome:
    """What it came to.

    Attributes:
        word: In a word.
        lines: For people, the most important one first.
    """

    word: Word
    lines: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """As `python -m pipeline run` ends."""
        return EXIT_CODES[self.word]


def read_outcome(host: PipelinesHost, run: RunState) -> RunOutcome:
    """Finds out what a run that is over came to."""
    took = f"({duration(run.seconds)})" if run.seconds is not None else ""
    if not run.has_succeeded:
        return _failure(host, run, took)
    told = {name: _told(host, run, name) for name in (*_JUDGES, _PUSHER)}
    lines = tuple(f"  {line}" for told_lines in told.values() for line in told_lines)
    said = {name: told_lines[0] if told_lines else "" for name, told_lines in told.items()}
    for name, metric in _JUDGES.items():
        if run.metrics(name).get(metric) == 0 or "refused:" in said[name]:
            first = f"Refused: {name} keeps this model out of service. {took}".rstrip()
            return RunOutcome("refused", (first, *lines))
    word, first = _without_refusal(said[_PUSHER], run.metrics(_PUSHER))
    if not lines and word == "succeeded":
        first += " What it came to is on the pages of its tasks."
    return RunOutcome(word, (f"{first} {took}".rstrip(), *lines))


def _without_refusal(said: str, metrics: Mapping[str, float]) -> tuple[Word, str]:
    """What the Pusher did, by its line and its metrics."""
    if " cached" in said:
        return "unchanged", "Unchanged: nothing new, so nothing was pushed."
    found = re.search(r"  version (\d+)$", said)
    version = found[1] if found else f"{metrics.get('version', 0):.0f}"
    if found or metrics.get("pushed"):
        return "pushed", f"Pushed: version {version} of the model is in service."
    return "succeeded", "Succeeded."


def _failure(host: PipelinesHost, run: RunState, took: str) -> RunOutcome:
    failed = run.failed
    where = f" in {failed[0].task.name}" if failed else ""
    why = f": {failed[0].error or run.error}" if failed and (failed[0].error or run.error) else "."
    if not failed and run.error:
        why = f": {run.error}"
    if run.state == "CANCELED":
        return RunOutcome("stopped", (f"Stopped on the cluster{where}. {took}".rstrip(),))
    lines = [f"Failed{where}{why} {took}".rstrip()]
    for task in failed[:1]:
        lines += _log_lines(read_log_tail(host, run.run_id, task.pods), host, run, task)
    return RunOutcome("failed", tuple(lines))


def _log_lines(tail: LogTail, host: PipelinesHost, run: RunState, task: TaskState) -> list[str]:
    if tail.lines:
        return [
            f"The last lines of {task.task.name}'s log:",
            *(f"  | {line}" for line in tail.lines),
        ]
    namespace = host.namespace or "kubeflow"
    return [
        f"The log of {task.task.name} cannot be read from here: {tail.why_none}.",
        f"  On the cluster: kubectl -n {namespace} logs -l pipeline/runid={run.run_id} -c main "
        "--prefix --tail=20",
    ]


def _told(host: PipelinesHost, run: RunState, name: str) -> tuple[str, ...]:
    """The lines in which a task says what it came to and why, or nothing."""
    task = next((task for task in run.tasks if task.task.name == name), None)
    if task is None or task.state not in ("done", "skipped"):
        return ()
    for pod in task.pods:
        lines = read_log_tail(host, run.run_id, [pod], _LINES_WITH_REPORT).lines
        own = [number for number, line in enumerate(lines) if line.startswith(f"{name}  ")]
        if own:
            after = lines[own[-1] + 1 :]
            return (lines[own[-1]], *takewhile(lambda line: line.startswith(_REASON), after))
    return ()
