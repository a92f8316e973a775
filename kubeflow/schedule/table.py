"""The recurring runs of a host as a table."""

from collections.abc import Sequence
from typing import Any, TextIO

from pipeline.console.table import print_table

from .recurring_run import is_disabled, times
from .trigger import interval_words

_HEADINGS = ("schedule", "state", "when", "made (UTC)", "note")


def print_schedules(runs: Sequence[Any], name: str, cluster_zone: str, stream: TextIO) -> None:
    """Prints recurring runs; those of a name, this configuration's, are marked.

    A terminal gets colours. Cron expressions are in the cluster's time zone.
    """
    runs = sorted(runs, key=lambda run: (run.display_name != name, run.display_name))
    rows = [_cells(run, name, cluster_zone) for run in runs]
    styles = ["dim" if row[1] == "paused" else None for row in rows]
    print_table(_HEADINGS, rows, styles, stream, wraps=_HEADINGS)


def schedule_as_json(run: Any) -> dict[str, Any]:
    """A recurring run for machines."""
    cron, interval_seconds = times(run)
    version = run.pipeline_version_reference
    return {
        "id": run.recurring_run_id,
        "name": run.display_name,
        "paused": is_disabled(run),
        "cron": cron,
        "interval_seconds": interval_seconds,
        "description": run.description,
        "experiment_id": run.experiment_id,
        "pipeline_id": version.pipeline_id if version else None,
        "pipeline_version_id": version.pipeline_version_id if version else None,
        "created_at": run.created_at.isoformat() if run.created_at else None,
    }


def _cells(run: Any, name: str, cluster_zone: str) -> tuple[str, ...]:
    facts = schedule_as_json(run)
    if facts["cron"]:
        when = f"{facts['cron']} ({cluster_zone})"
    elif facts["interval_seconds"]:
        when = interval_words(facts["interval_seconds"])
    else:
        when = "-"
    made = (facts["created_at"] or "-")[:16].replace("T", " ")
    note = (facts["description"] or "").partition(";")[0]
    mine = "this configuration's" if run.display_name == name else ""
    state = "paused" if facts["paused"] else "on"
    return run.display_name, state, when, made, ", ".join(filter(None, [mine, note]))
