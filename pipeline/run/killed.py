"""Writes the summary of runs that were killed, front end and all, from what they left."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from components.pusher.versions import list_versions
from pipeline.config.schema import PipelineConfig
from pipeline.run.events import Event, Failed, parse_event
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder, Workspace
from pipeline.run.state import RunState
from pipeline.run.summary import ModelVersion, write_summary

_KILLED = "the run was killed"


def complete_killed_runs(workspace: Path) -> None:
    """Writes the missing summaries of a workspace; it must be locked, so that no run is running.

    A run that was killed right after its push has pushed: model servers load the version. A run
    whose files cannot be read, as another release may have written them, stays without.
    """
    for folder in sorted(workspace.glob("runs/*")):
        if folder.is_dir() and not (folder / "summary.json").exists():
            with contextlib.suppress(OSError, ValueError):
                _complete(RunFolder(workspace, folder.name))


def _complete(run: RunFolder) -> None:
    text = run.config.read_text(encoding="utf-8")
    config = PipelineConfig.model_validate_json(text, context={"check_paths": False})
    state = RunState(_read_events(run))
    running = state.running.component if state.running else None
    state.apply(Failed(component=running, cause=_KILLED, hint="run the same command again"))
    last = run.events if run.events.exists() else run.config
    summary = build_summary(
        state, run, config.gate, started=_changed(run.config), finished=_changed(last)
    )
    if summary.pushed is None and (pushed := _pushed_by(run, config)):
        summary = summary.model_copy(update={"pushed": pushed, "in_service": pushed})
    write_summary(summary, run)


def _read_events(run: RunFolder) -> Iterator[Event]:
    """The events that were written whole."""
    if not run.events.exists():
        return
    for line in run.events.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield parse_event(line)


def _pushed_by(run: RunFolder, config: PipelineConfig) -> ModelVersion | None:
    """The version that the run pushed, if it was killed before it reported it."""
    for version in list_versions(Workspace(run.workspace).serving(config)):
        details = version.details
        if details and details.run_id == run.run_id and details.copy_of is None:
            return ModelVersion(version=version.number, path=version.address)
    return None


def _changed(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
