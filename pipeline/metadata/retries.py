"""Repeats transactions that fail because the metadata's database is busy or restarting."""

import logging
import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

import ml_metadata as mlmd

from components.errors import UserError

Result = TypeVar("Result")

TRANSIENT_ERRORS = (
    mlmd.errors.AbortedError,
    mlmd.errors.UnavailableError,
    mlmd.errors.DeadlineExceededError,
    mlmd.errors.InternalError,
)
"""What MLMD raises where the database is busy or restarts, or another client writes the same."""
# A database's error for a text longer than its column or than a message to it. MLMD raises
# InternalError for these too, but they are not transient.
_TOO_LONG = re.compile(
    r"Data too long for column '\w+'"
    r"|value too long for type [\w ]+\(\d+\)"
    r"|Got a packet bigger than 'max_allowed_packet' bytes"
)
# Seven attempts wait 32 seconds on average, beside the time that each needs to connect.
_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS = 0.5

_logger = logging.getLogger(__name__)


def retry_transient(action: Callable[[], Result]) -> Result:
    """Calls an action until it does not fail with a transient error of the database.

    The action is idempotent: it may have taken effect before it failed.

    Raises:
        UserError: A text is longer than the database can store.
    """
    for number in range(1, _ATTEMPTS):
        try:
            return action()
        except (*TRANSIENT_ERRORS, mlmd.errors.AlreadyExistsError) as error:
            if match := _TOO_LONG.search(str(error)):
                raise UserError(
                    f"the metadata's database cannot store a text of this length: {match[0]}",
                    "Shorten the names, paths and settings: all of them are stored.",
                ) from error
            # AlreadyExists: another node has just created what this one was about to create.
            _logger.info("Retrying after an error of the metadata store: %s", first_line(error))
            time.sleep(_FIRST_PAUSE_SECONDS * 2**number * random.random())
    return action()


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its type where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
