"""Seconds until work begins: of a local run, of a node, and of a node that the cache answers."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.machine import REPOSITORY
from benchmarks.measured_process import Measured, run_measured
from benchmarks.metadata_times import read_executions
from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject

_NODES = ("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform")
_BEFORE_WORK_SECONDS = 10.0
_CACHED_SECONDS = 12.0


def measure(subject: Subject, run: Measured | None, work: Path, logs: Path) -> list[Row]:
    """Runs the first nodes one by one in an empty root, then again.

    Args:
        subject: A finished run.
        run: What that run took; None if it is an older one, whose start was not recorded.
        work: Folder for the nodes' root; must be empty.
        logs: Folder of logs.
    """
    rows = []
    if run is not None:
        first = read_executions(subject.workspace / "metadata.sqlite")[0]
        rows.append(_row("local run, before its first component", first.started - run.started))
    nodes = _Nodes(subject, work, logs)
    before = []
    for node in _NODES:
        measured = nodes.run(node, "first")
        before.append(read_executions(nodes.database)[-1].started - measured.started)
    cached = [nodes.run(node, "second").seconds for node in _NODES]
    return [
        *rows,
        _row("a node, before its work (median of 5)", median(before)),
        Row("a cached node, whole (median of 5)", median(cached), "s", bound=_CACHED_SECONDS),
    ]


def _row(part: str, seconds: float) -> Row:
    return Row(part, seconds, "s", bound=_BEFORE_WORK_SECONDS)


class _Nodes:
    """Nodes of the pipeline in processes of their own, as Kubeflow's tasks run them."""

    def __init__(self, subject: Subject, root: Path, logs: Path) -> None:
        self._subject = subject
        self._root = root
        self._logs = logs
        root.mkdir(parents=True, exist_ok=True)

    @property
    def database(self) -> Path:
        """Their metadata."""
        return self._root / "metadata.sqlite"

    def run(self, node: str, run_id: str) -> Measured:
        tree = json.loads(self._subject.config_json)
        tree.pop("kubeflow", None)
        command: Sequence[str] = [
            *(sys.executable, "-m", "pipeline", "node", "--node", node, "--run-id", run_id),
            *("--config-json", json.dumps(tree), "--root", str(self._root)),
            *("--metadata", f"sqlite://{self.database}"),
        ]
        return run_measured(command, self._logs / f"{node}-{run_id}.log", folder=REPOSITORY)
