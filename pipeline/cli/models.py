"""The command `models`."""

from pathlib import Path

import click

from pipeline.cli.errors import failures
from pipeline.cli.options import workspace_argument


@click.command(short_help="List the versions of a workspace's models.")
@workspace_argument
@click.option("--model", metavar="NAME", help="Show this model only.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, an object a version.")
def models(workspace: Path, model: str | None, as_json: bool) -> int:
    """List the versions of a workspace's models: how good, of which run, released or not.

    WORKSPACE defaults to ./workspace, as in run.
    """
    from pipeline.workspace.models import show_models

    with failures():
        show_models(workspace, model, as_json=as_json)
    return 0
