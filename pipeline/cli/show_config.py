"""The command `show-config`."""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli.errors import config_errors, print_to_stderr
from pipeline.cli.options import config_argument, set_option


@click.command("show-config", short_help="Print a configuration, defaults included.")
@config_argument
@set_option
def show_config(config_path: Path, overrides: Sequence[str]) -> int:
    """Print CONFIG as it takes effect, defaults included."""
    from pipeline.config.errors import ConfigError, problem_lines
    from pipeline.config.load import load_config
    from pipeline.config.show import config_text

    with config_errors(config_path):
        config = load_config(config_path, overrides, check_paths=False)
    try:
        config = load_config(config_path, overrides)
    except ConfigError as error:
        click.echo(f"{config_path} is valid, but would not run on this machine:", err=True)
        print_to_stderr(problem_lines(error.problems))
    click.echo(config_text(config), nl=False)
    return 0
