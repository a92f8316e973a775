"""The command line: `python -m kubeflow`.

Only click is imported here: everything else is imported by the command that needs it, so that
`--help` answers at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from kubeflow.deploy.command import deploy
from kubeflow.schedule.command import schedule
from kubeflow.serving.command import serving
from pipeline.cli import WRONG_USAGE, config_argument, set_option


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
    text = compile_or_exit(config_path, overrides)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"Wrote {output}.")
    return 0


cli.add_command(deploy)
cli.add_command(schedule)
cli.add_command(serving)


def compile_or_exit(config_path: Path, overrides: Sequence[str] = ()) -> str:
    """Compiles a configuration file; prints its mistakes and exits where it has any."""
    from components.errors import UserError
    from kubeflow.compile.limits import note_on_size
    from kubeflow.compile.load import load_for_cluster
    from kubeflow.compile.parameters import config_json
    from pipeline.config_problems import ConfigError
    from pipeline.problem_text import refusal_lines
    from pipeline.quiet_stderr import stderr_of_our_own

    try:
        config = load_for_cluster(config_path, overrides)
        with stderr_of_our_own():
            # Only now: the SDK and TFX take seconds to import, and tell of themselves.
            from kubeflow.compile.pipeline import compile_pipeline

            text = compile_pipeline(config)
    except ConfigError as error:
        for line in refusal_lines(str(config_path), error.problems):
            click.echo(line, err=True)
        sys.exit(WRONG_USAGE)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    note = note_on_size(config_json(config))
    if note:
        click.echo(note, err=True)
    return text
