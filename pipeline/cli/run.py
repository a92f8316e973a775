"""The command `run`."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from components.printable import encodable
from pipeline.cli.errors import config_errors, print_to_stderr
from pipeline.cli.init import configuration_of
from pipeline.cli.options import set_option, workspace_option


@click.command(short_help="Run the whole pipeline.")
@click.argument("config_path", metavar="CONFIG|FOLDER", type=click.Path(path_type=Path))
@set_option
@workspace_option("Folder for everything that runs leave: models, metadata, logs, summaries.")
@click.option("--wait", is_flag=True, help="Wait while another run uses the workspace.")
def run(config_path: Path, overrides: Sequence[str], workspace: Path, wait: bool) -> int:
    """Run the whole pipeline that CONFIG, a YAML file, describes.

    Of a FOLDER of images, with a folder for each class, a configuration is written first, beside
    the workspace; the next run of the FOLDER reads it again.
    """
    from pipeline.config.load import load_config
    from pipeline.console.view import choose_view
    from pipeline.local.supervise import supervise
    from pipeline.run.paths import WorkspaceError

    if config_path.is_dir():
        config_path = configuration_of(config_path, workspace)
    with config_errors(config_path):
        config = load_config(config_path, overrides, say=print_to_stderr)
    try:
        summary = supervise(
            config,
            workspace,
            choose_view(sys.stdout, os.environ.get("TERM")),
            environment=os.environ,
            config_path=encodable(str(config_path)),
            on_wait=partial(click.echo, err=True) if wait else None,
        )
    except WorkspaceError as error:
        raise click.ClickException(str(error)) from None
    return summary.exit_code
