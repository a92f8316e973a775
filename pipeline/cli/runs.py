"""The command `runs`."""

from pathlib import Path

import click

from pipeline.cli.options import workspace_argument


@click.command(short_help="List the runs of a workspace.")
@workspace_argument
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a run.")
def runs(workspace: Path, as_json: bool) -> int:
    """List the runs of a workspace, newest first: outcome, accuracy, duration.

    WORKSPACE defaults to ./workspace, as in run.
    """
    from pipeline.workspace.runs import show_runs

    show_runs(workspace, as_json=as_json)
    return 0
