"""The command line: `python -m kubeflow`.

Only click is imported here: everything else is imported by the command that needs it, so that
`--help` answers at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli.main import config_argument, set_option

from .command_errors import failures, write_or_exit
from .deploy.command import deploy
from .load_or_exit import load_or_exit
from .schedule.command import schedule
from .serving.command import serving


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    try:
        sys.exit(cli(standalone_mode=False))
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The pipeline on a cluster with Kubeflow Pipelines 2.x."""


@cli.command("compile")
@config_argument
@set_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("pipeline.yaml"),
    show_default=True,
    help="File to write.",
)
def compile_command(config_path: Path, overrides: Sequence[str], output: Path) -> int:
    """Compile CONFIG into a file that Kubeflow Pipelines runs; needs no cluster."""
    from pipeline.console.stderr import hide_library_stderr

    from .compile.limits import note_on_size
    from .compile.parameters import config_json

    config = load_or_exit(config_path, overrides)
    with failures(), hide_library_stderr():
        # Only now: the SDK and TFX take seconds to import, and tell of themselves.
        from .compile.pipeline import compile_pipeline

        text = compile_pipeline(config)
    note = note_on_size(config_json(config))
    if note:
        click.echo(note, err=True)
    write_or_exit(output, text)
    click.echo(f"Wrote {output}.")
    return 0


cli.add_command(deploy)
cli.add_command(schedule)
cli.add_command(serving)
