"""How the commands end where a person errs, or the host fails: a message, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def usage_errors() -> Iterator[None]:
    """What is given on the command line cannot be: exit code 2."""
    from components.errors import UserError

    try:
        yield
    except UserError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def failures() -> Iterator[None]:
    """Something does not work: exit code 1."""
    from components.errors import UserError

    try:
        yield
    except UserError as error:
        raise click.ClickException(str(error)) from None


def write_or_exit(output: Path, text: str) -> None:
    """Writes what a command makes; where it cannot, the command ends with exit code 1."""
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
