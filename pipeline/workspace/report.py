"""`report`: where the page of a run is, or why it has none."""

from pathlib import Path
from typing import Any

from components.errors import UserError
from pipeline.console.final import shown_path
from pipeline.run.paths import RunFolder
from pipeline.workspace.runs import find_runs, read_summary

_MOST_NAMES = 3


def find_run(name: str, workspace: Path) -> RunFolder:
    """Finds a run.

    Args:
        name: Its name in `workspace`, its folder, or a workspace, whose newest run is meant.
        workspace: The workspace, where it is a name.

    Raises:
        UserError: There is no such run.
    """
    folder = Path(name).absolute()
    if (folder / "runs").is_dir():
        name, workspace = "", folder
    elif folder.parent.name == "runs" and folder.is_dir():
        return RunFolder(folder.parents[1], folder.name)
    runs = find_runs(workspace)
    if not runs:
        raise UserError(f"there are no runs in {workspace}", "Name a workspace with --workspace.")
    if not name:
        return runs[0]
    found = [run for run in runs if run.run_id == name]
    if not found:
        newest = ", ".join(run.run_id for run in runs[:_MOST_NAMES])
        raise UserError(
            f"there is no run {name} in {workspace}",
            f"The newest there: {newest}; `python -m pipeline runs {workspace}` lists all.",
        )
    return found[0]


def find_page(run: RunFolder) -> Path:
    """Finds the page of a run.

    Raises:
        UserError: It has none, because it did not come so far, or it is gone.
    """
    summary = read_summary(run)
    if summary is None:
        raise UserError(
            f"run {run.run_id} has no report yet: it is still running, or was killed",
            f"Its log: {shown_path(run.log)}",
        )
    page = summary.get("report")
    if page is None:
        raise UserError(*_why_none(run, summary))
    if not Path(page).is_file():
        raise UserError(
            f"the report of run {run.run_id} is gone: there is no {page}",
            "Run the pipeline again: every run writes one, also if nothing has changed.",
        )
    return Path(page)


def _why_none(run: RunFolder, summary: dict[str, Any]) -> tuple[str, str]:
    error = summary.get("error")
    where = f"Its log: {shown_path(run.log)}\nIts summary: {shown_path(run.summary)}"
    if not error:
        return f"run {run.run_id} has no report: its pipeline had no Report component", where
    place = f" in {error['component']}" if error.get("component") else ""
    told = "A report is the last that a run does; this run did not come to it."
    return f"run {run.run_id} failed{place}: {error.get('cause')}", f"{told}\n{where}"
