"""How every command ends on a user's mistake or a failure: a message, no traceback."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from components.printable import printable_text
from pipeline.exit_codes import INTERRUPTED, WRONG_USAGE


def run_and_exit(command: click.Command) -> NoReturn:
    """Runs the command that the arguments name; exits with what it returns, or its error's code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A class name that the terminal cannot encode must not stop the command.
            stream.reconfigure(errors="replace")
    try:
        sys.exit(command(standalone_mode=False))
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        # Arguments may be names of files, as the shell's * lists them.
        shown = io.StringIO()
        error.show(shown)
        print_to_stderr(shown.getvalue().splitlines())
        sys.exit(error.exit_code)


@contextmanager
def failures() -> Iterator[None]:
    """A `UserError` in the block ends the command with exit code 1."""
    from components.errors import UserError

    try:
        yield
    except UserError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def usage_errors() -> Iterator[None]:
    """A `UserError` in the block is a mistake in the arguments: exit code 2."""
    from components.errors import UserError

    try:
        yield
    except UserError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def config_errors(source: str | Path) -> Iterator[None]:
    """A `ConfigError` in the block prints every problem and ends the command with exit code 2.

    `source` is the configuration's file, or an option.
    """
    from pipeline.config.errors import ConfigError, report_lines

    try:
        yield
    except ConfigError as error:
        print_to_stderr(report_lines(str(source), error.problems))
        sys.exit(WRONG_USAGE)


def write_file(path: Path, text: str) -> None:
    """Writes a command's output; where that fails, the command ends with exit code 1."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def print_to_stderr(lines: Iterable[str]) -> None:
    """Prints lines to standard error."""
    for line in lines:
        click.echo(printable_text(line), err=True)
