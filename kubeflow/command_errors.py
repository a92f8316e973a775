"""How the commands end where a person errs, or the host fails: a message, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

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
