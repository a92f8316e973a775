"""The command `rollback`."""

from pathlib import Path

import click

from pipeline.cli.errors import failures
from pipeline.cli.options import workspace_argument


@click.command(short_help="Release an older version of a model again.")
@workspace_argument
@click.option("--to", metavar="VERSION", type=int, help="The version. [default: the one before]")
@click.option("--model", metavar="NAME", help="The model; needed where there are several.")
def rollback(workspace: Path, to: int | None, model: str | None) -> int:
    """Release an older version of a workspace's model again, as its newest version.

    WORKSPACE defaults to ./workspace, as in run. Runs in which nothing changed do not push the
    newer model again; newly trained ones are pushed.
    """
    from pipeline.workspace.rollback import roll_back_model

    with failures():
        lines, warning = roll_back_model(workspace, model, to)
    click.echo("\n".join(lines))
    if warning:
        click.echo(warning, err=True)
    return 0
