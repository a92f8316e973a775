"""The recurring runs of a host as a table."""

from collections.abc import Sequence
from typing import Any, TextIO

from pipeline.console.table import print_plain_table

from .recurring_run import is_disabled, times
from .trigger import interval_words

_HEADINGS = ("schedule", "state", "when", "made (UTC)", "note")


def print_schedules(runs: Sequence[Any], name: str, cluster_zone: str, stream: TextIO) -> None:
    """Prints recurring runs; those of a name, this configuration's, are marked.

    A terminal gets colours. Cron expressions are in the cluster's time zone.
    """
    rows = [_cells(run, name, cluster_zone) for run in sorted(runs, key=_order(name))]
    if not stream.isatty():
        print_plain_table([_HEADINGS, *rows], stream)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row, style="dim" if row[1] == "paused" else None)
    Console(file=stream, highlight=False, markup=False).print(table)


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


def _order(name: str):  # type: ignore[no-untyped-def]
    return lambda run: (run.display_name != name, run.display_name)


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
