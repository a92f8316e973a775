"""One node of a run in a separate process: what a Kubeflow task runs."""

import json
import os
import stat
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components import storage
from components.artifacts import PAGE_FILE
from components.errors import UserError
from components.pusher.outcome import Reported
from components.quick_imports import quick_imports
from pipeline.cluster.kfp_outputs import executor_output, write_file
from pipeline.cluster.node_report import NodeReport, find_reasons
from pipeline.config.schema import PipelineConfig
from pipeline.console.plain import PlainView
from pipeline.execution.caching import may_use_cache
from pipeline.metadata.connection import Config
from pipeline.nodes import DECIDING
from pipeline.run.events import Event, Failed, Finished
from pipeline.run.paths import Workspace
from pipeline.run.state import RunState

if TYPE_CHECKING:
    from pipeline.execution.compiled_pipeline import CompiledPipeline, NodeResult


class NoSuchNodeError(UserError):
    """The pipeline has no node of that name."""


@dataclass(frozen=True)
class Task:
    """The node to run, and the files for what KFP shows: metrics as JSON, page, output's metadata.

    All nodes of a run have the same configuration, metadata and root.
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
    """Writes events as lines to standard output, from any thread."""

    def __init__(self) -> None:
        self._view, self._state = PlainView(sys.stdout), RunState()
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Writes the lines of an event, if it has any."""
        with self._lock:
            self._state.apply(event)
            self._view.show(self._state)

    def lines(self, lines: list[str]) -> None:
        """Writes lines."""
        with self._lock:
            for line in lines:
                self._view.notice(line)

    def end(self, event: Finished | Failed) -> None:
        """Writes the node's last event as JSON, for programs that read the log."""
        self.lines([event.model_dump_json()])


def check_root(workspace: Workspace) -> None:
    """Checks that the root can be written.

    Raises:
        UserError: It is a folder of another user, as on a volume that is new.
    """
    if storage.is_remote(str(workspace.root)):
        return
    root = Path(workspace.root)
    folder = next(folder for folder in (root, *root.parents) if folder.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        return
    status = folder.stat()
    raise UserError(
        f"the root {root} cannot be written by user {os.getuid()} of group {os.getgid()}: {folder} "
        f"belongs to {status.st_uid}:{status.st_gid}, with mode {stat.S_IMODE(status.st_mode):03o}",
        "A new volume belongs to root. Give it to this user once: image-pipeline cluster "
        "prepare-volume CONFIG writes a Job for that (docs/kubeflow.md, step 1).",
    )


def run_one_node(task: Task, log: NodeLog) -> None:
    """Runs the node of a task; writes its result to the log and to the files that KFP shows.

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
    seconds = round(time.monotonic() - start, 3)
    reported = _read_deciding(task.node_id, compiled, result)
    facts = reported[task.node_id].facts
    report = NodeReport(
        task.node_id,
        task.run_id,
        result.state,
        seconds,
        facts,
        find_reasons(task.node_id, reported) if task.node_id in DECIDING else (),
        result.was_finished,
    )
    log.lines(report.lines())
    _write_files(task, report, result)
    log.end(
        Finished(
            component=task.node_id,
            state=result.state,
            seconds=seconds,
            facts=facts.model_dump(mode="json"),
        )
    )


def _check(node_id: str, compiled: "CompiledPipeline") -> None:
    if node_id not in compiled.node_ids:
        raise NoSuchNodeError(
            f"the pipeline has no node {node_id}", f"It has {', '.join(compiled.node_ids)}."
        )
    if unfinished := compiled.unfinished(node_id):
        states = ", ".join(f"{name} ({state})" for name, state in unfinished.items())
        raise UserError(
            f"{node_id} needs nodes that have not finished in this run: {states}",
            "Run them first, with the same --run-id, --metadata and --root.",
        )


def _read_deciding(
    node_id: str, compiled: "CompiledPipeline", result: "NodeResult"
) -> dict[str, Reported]:
    """What the node reported; for one that decides, also what the deciding ones before it did."""
    reported = {}
    for other in compiled.node_ids if node_id in DECIDING else ():
        if other == node_id:
            break
        if other in DECIDING and (found := compiled.find_result(other)):
            reported[other] = Reported(found.state, found.read_facts())
    return {**reported, node_id: Reported(result.state, result.read_facts())}


def _write_files(task: Task, report: NodeReport, result: "NodeResult") -> None:
    metrics = report.metrics()
    if task.metrics:
        write_file(task.metrics, json.dumps(metrics, indent=2) + "\n")
    if task.executor_output:
        write_file(task.executor_output, json.dumps(executor_output(metrics)))
    if task.html:
        page = result.outputs.get("report") if task.node_id == "Report" else None
        write_file(
            task.html,
            storage.read_bytes(storage.join(page[0].uri, PAGE_FILE)) if page else report.page(),
        )
