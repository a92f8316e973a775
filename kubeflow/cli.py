"""The command line: `image-pipeline cluster`, and in the clone `python -m kubeflow`.

A command imports what it needs when it runs; only click is imported here, so that `--help` answers
at once.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli.errors import failures, run_and_exit, write_file
from pipeline.cli.options import (
    CONTEXT_SETTINGS,
    config_argument,
    output_option,
    set_option,
    version_option,
)

from .deploy.command import deploy
from .prepare_volume import prepare_volume
from .schedule.command import schedule
from .serving.command import serving


def main() -> None:
    """Runs the command that the arguments name, and exits."""
    run_and_exit(cli)


@click.group(context_settings=CONTEXT_SETTINGS)
@version_option
def cli() -> None:
    """The pipeline on a cluster with Kubeflow Pipelines 2.x."""


@cli.command("compile", short_help="Compile the pipeline into a YAML file.")
@config_argument
@set_option
@output_option("pipeline.yaml")
def compile_command(config_path: Path, overrides: Sequence[str], output: Path) -> int:
    """Compile CONFIG into a file that Kubeflow Pipelines runs; needs no cluster."""
    from pipeline.console.stderr import hide_library_stderr

    from .compile.cluster_checks import load_or_exit
    from .compile.limits import note_on_size
    from .compile.parameters import config_json

    config = load_or_exit(config_path, overrides)
    with failures(), hide_library_stderr():
        # Only now: the SDK and TFX take seconds to import, and write to stderr.
        from .compile.pipeline import compile_pipeline

        text = compile_pipeline(config)
    note = note_on_size(config_json(config))
    if note:
        click.echo(note, err=True)
    write_file(output, text)
    click.echo(f"Wrote {output}.")
    return 0


cli.add_command(prepare_volume)
cli.add_command(deploy)
cli.add_command(schedule)
cli.add_command(serving)
