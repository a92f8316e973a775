"""One node of a run, in a process of its own: what a Kubeflow task does."""

import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import storage
from components.errors import UserError
from components.quick_imports import quick_imports
from pipeline.cluster.kfp_outputs import executor_output, write_file
from pipeline.cluster.metrics import Metrics, node_metrics
from pipeline.cluster.node_report import NodeReport, reasons
from pipeline.config.schema import PipelineConfig
from pipeline.console.plain import PlainView
from pipeline.execution.caching import may_use_cache
from pipeline.metadata.connection import Config
from pipeline.run.events import Event
from pipeline.run.paths import Workspace
from pipeline.run.state import Board

if TYPE_CHECKING:
    from pipeline.execution.compiled_pipeline import CompiledPipeline, NodeResult

# Pusher tells why it pushed nothing in the words of these.
_JUDGES = ("Evaluator", "ServingCheck")


class NoSuchNodeError(UserError):
    """The pipeline has no node of that name."""


@dataclass(frozen=True)
class Task:
    """What is asked for.

    Attributes:
        node_id: The node.
        run_id: The run; all of its nodes have the same configuration, metadata and root.
        config: The configuration.
        workspace: Where everything is kept.
        connection: Where the metadata are.
        metrics: File for its numbers, as JSON.
        html: File for its page.
        executor_output: File for what KFP takes over into the outputs' metadata.
    """

    node_id: str
    run_id: str
    config: PipelineConfig
    workspace: Workspace
    connection: Config
    metrics: Path | None = None
    html: Path | None = None
    executor_output: Path | None = None


class NodeLog:
    """Writes what happens as lines to standard output; takes events from any thread."""

    def __init__(self) -> None:
        self._view, self._board = PlainView(sys.stdout), Board()
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Writes what of an event is worth a line."""
        with self._lock:
            self._board.apply(event)
            self._view.show(event, self._board)

    def lines(self, lines: list[str]) -> None:
        """Writes lines."""
        with self._lock:
            for line in lines:
                self._view.notice(line)


def run_one_node(task: Task, log: NodeLog) -> None:
    """Runs it, and writes what it came to.

    Raises:
        NoSuchNodeError: There is no such node.
        UserError: One that it needs has not finished, or what its driver or executor raises.
        Exception: Whatever else its driver or executor raises.
    """
    # Only here: the imports take seconds.
    with quick_imports():
        from pipeline.execution.compiled_pipeline import CompiledPipeline
        from pipeline.graph import create_pipeline

    pipeline = create_pipeline(task.config, task.workspace)
    compiled = CompiledPipeline(pipeline, task.run_id, task.connection)
    _check(task.node_id, compiled)
    start = time.monotonic()
    serving = task.workspace.serving(task.config)
    result = compiled.run_node(task.node_id, may_use_cache(task.node_id, compiled, serving))
    facts = _facts(task.node_id, compiled, result)
    report = NodeReport(
        task.node_id,
        task.run_id,
        result.state,
        round(time.monotonic() - start, 3),
        facts.get(task.node_id, {}),
        reasons(task.node_id, facts),
        result.was_finished,
    )
    log.lines(report.lines())
    _write_files(task, report, result)


def _check(node_id: str, compiled: "CompiledPipeline") -> None:
    if node_id not in compiled.node_ids:
        raise NoSuchNodeError(
            f"the pipeline has no node {node_id}", f"It has {', '.join(compiled.node_ids)}."
        )
    if unfinished := compiled.unfinished(node_id):
        told = ", ".join(f"{name} ({state})" for name, state in unfinished.items())
        raise UserError(
            f"{node_id} needs what has not finished in this run: {told}",
            "Run that first, with the same --run-id, --metadata and --root.",
        )


def _facts(
    node_id: str, compiled: "CompiledPipeline", result: "NodeResult"
) -> dict[str, dict[str, Any]]:
    """What the node found, and for the Pusher what those found that decide about the model."""
    from pipeline.run.facts import collect_facts

    if result.state == "skipped":
        return {}
    facts = {node_id: collect_facts(node_id, result.outputs)}
    for judge in _JUDGES if node_id == "Pusher" else ():
        if judge in compiled.node_ids and (found := compiled.find_result(judge)):
            facts[judge] = collect_facts(judge, found.outputs)
    return facts


def _write_files(task: Task, report: NodeReport, result: "NodeResult") -> None:
    metrics: Metrics = node_metrics(task.node_id, report.facts)
    if task.metrics:
        write_file(task.metrics, json.dumps(metrics, indent=2) + "\n")
    if task.executor_output:
        write_file(task.executor_output, json.dumps(executor_output(metrics)))
    if task.html:
        page = result.outputs.get("report") if task.node_id == "Report" else None
        write_file(
            task.html,
            storage.read_bytes(storage.join(page[0].uri, "index.html"))
            if page
            else report.page(metrics),
        )
