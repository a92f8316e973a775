"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_WORKSPACE = Path("workspace")
"""Where `run` writes, and what the other commands read."""

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}

version_option = click.version_option(
    package_name="image-pipeline", message="%(package)s %(version)s"
)

config_argument = click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path))

set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Override a setting: trainer.batch_size=64, trainer.stages[1].epochs=3; repeatable.",
)

workspace_argument = click.argument(
    "workspace",
    metavar="[WORKSPACE]",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DEFAULT_WORKSPACE,
)
"""An existing workspace; `run`'s default where none is given."""


def output_option(default: str) -> Callable[[Command], Command]:
    """The option --output, a file to write."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path(default),
        show_default=True,
        help="File to write.",
    )


def workspace_option(help_text: str) -> Callable[[Command], Command]:
    """The option --workspace, with `run`'s default."""
    return click.option(
        "--workspace",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_WORKSPACE,
        show_default=True,
        help=help_text,
    )
