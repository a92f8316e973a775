"""`report`: the path of a run's report, or why it has none."""

from pathlib import Path
from typing import Any

from components.errors import UserError
from pipeline.console.final import shown_path
from pipeline.run.paths import RunFolder
from pipeline.workspace.runs import find_runs, read_summary

_MAX_NAMES = 3


def find_run(name: str, workspace: Path) -> RunFolder:
    """Finds a run by its name, by its folder, or by a workspace, whose newest one it is.

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
        raise UserError(f"there are no runs in {workspace}", "Choose a workspace with --workspace.")
    if not name:
        return runs[0]
    found = [run for run in runs if run.run_id == name]
    if not found:
        newest = ", ".join(run.run_id for run in runs[:_MAX_NAMES])
        raise UserError(
            f"there is no run {name} in {workspace}",
            f"The newest runs: {newest}; `image-pipeline runs {workspace}` lists all.",
        )
    return found[0]


def find_page(run: RunFolder) -> Path:
    """Finds the report of a run.

    Raises:
        UserError: The run did not get as far as the report, or the report was deleted.
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
            f"the report of run {run.run_id} was deleted: {page} does not exist",
            "Run the pipeline again: every run writes a report, even if nothing has changed.",
        )
    return Path(page)


def _why_none(run: RunFolder, summary: dict[str, Any]) -> tuple[str, str]:
    error = summary.get("error")
    files = f"Its log: {shown_path(run.log)}\nIts summary: {shown_path(run.summary)}"
    if not error:
        return f"run {run.run_id} has no report: its pipeline has no Report component", files
    place = f" in {error['component']}" if error.get("component") else ""
    reason = "The report is the last step of a run; this run did not get that far."
    return f"run {run.run_id} failed{place}: {error.get('cause')}", f"{reason}\n{files}"
