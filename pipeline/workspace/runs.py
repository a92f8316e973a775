"""`runs`: the runs of a workspace, the outcome of each, and where its report is."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.format import duration, share
from pipeline.console.table import print_table
from pipeline.run.paths import RunFolder, started_at

UNFINISHED = "unfinished"
"""Outcome of a run without a summary: it is still running, or was killed."""


@dataclass(frozen=True)
class Row:
    """A run in the table. Values missing from its summary are None.

    Attributes:
        run_id: Its name.
        started: When it started, in UTC, as ISO 8601.
        outcome: `pushed`, `refused`, `unchanged` or `failed`, from its summary, or
            `unfinished`: it is still running, or was killed.
        test_accuracy: Accuracy on the test split, 0 to 1.
        test_examples: Number of images in the test split.
        seconds: Duration in seconds.
        version: Number of the version that it pushed.
        report: Path of its report, an HTML file.
        error: Why it failed.
    """

    run_id: str
    started: str | None
    outcome: str
    test_accuracy: float | None = None
    test_examples: int | None = None
    seconds: float | None = None
    version: int | None = None
    report: str | None = None
    error: str | None = None


def show_runs(workspace: Path, *, as_json: bool) -> None:
    """Prints the runs of a workspace, newest first; as JSON a list of `Row`s."""
    rows = [read_row(run) for run in find_runs(workspace)]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    elif not rows:
        print(f"There are no runs in {workspace} yet.")
    else:
        styles = [_STYLES.get(row.outcome) for row in rows]
        print_table(_HEADINGS, [*map(_cells, rows)], styles, sys.stdout)


def find_runs(workspace: Path) -> list[RunFolder]:
    """The runs of a workspace, newest first: their names begin with their start time."""
    names = [folder.name for folder in (workspace / "runs").glob("*") if folder.is_dir()]
    return [RunFolder(workspace.absolute(), name) for name in sorted(names, reverse=True)]


def read_summary(run: RunFolder) -> dict[str, Any] | None:
    """A run's summary as JSON, possibly written by another version; None if there is none."""
    try:
        summary = json.loads(run.summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) else None


def read_row(run: RunFolder) -> Row:
    """The row of a run."""
    summary = read_summary(run)
    if summary is None:
        return Row(run.run_id, _started(run.run_id), UNFINISHED)
    test, error = summary.get("test") or {}, summary.get("error") or {}
    return Row(
        run_id=run.run_id,
        started=summary.get("started"),
        outcome=summary.get("outcome", UNFINISHED),
        test_accuracy=test.get("accuracy"),
        test_examples=test.get("examples"),
        seconds=summary.get("seconds"),
        version=(summary.get("pushed") or {}).get("version"),
        report=summary.get("report"),
        error=error.get("cause"),
    )


def _started(run_id: str) -> str | None:
    started = started_at(run_id)
    return started.isoformat() if started else None


_HEADINGS = ("run", "started (UTC)", "outcome", "test accuracy", "time", "version", "note")
_STYLES = {"pushed": "green", "refused": "yellow", "failed": "red", UNFINISHED: "dim"}


def _cells(row: Row) -> tuple[str, ...]:
    test_text = "-" if row.test_accuracy is None else share(row.test_accuracy)
    if row.test_accuracy is not None and row.test_examples is not None:
        test_text += f" on {row.test_examples:,}"
    return (
        row.run_id,
        row.started[:16].replace("T", " ") if row.started else "-",
        row.outcome,
        test_text,
        "-" if row.seconds is None else duration(row.seconds),
        "-" if row.version is None else str(row.version),
        (row.error or "").partition("\n")[0],
    )
