"""The command `backup`."""

from pathlib import Path

import click

from pipeline.cli.errors import failures
from pipeline.cli.options import output_option, workspace_argument


@click.command(short_help="Copy a workspace's metadata, also during a run.")
@workspace_argument
@output_option("metadata-backup.sqlite")
@click.option("--model", metavar="NAME", help="The model; needed where they have several files.")
def backup(workspace: Path, output: Path, model: str | None) -> int:
    """Copy the metadata of a workspace: what was made from what.

    The copy is of one moment, also while a run writes, and replaces an earlier one once it is
    whole. WORKSPACE defaults to ./workspace, as in run. To restore it, put it in the place of
    metadata.sqlite while nothing runs.
    """
    from pipeline.workspace.backup import back_up_metadata

    with failures():
        source = back_up_metadata(workspace, output, model)
    click.echo(f"Backed up: {source} to {output}.")
    return 0
