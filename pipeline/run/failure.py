"""An error as it is shown: one sentence, and what to do."""

from components.errors import UserError
from pipeline.run.events import Failed


def failure(component: str | None, error: BaseException) -> Failed:
    """The event of an error that ended the run, whatever its type."""
    mistake = find_mistake(error)
    if mistake:
        return Failed(component=component, cause=mistake.message, hint=mistake.hint)
    first_line = next(iter(str(error).strip().splitlines()), "")
    cause = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    return Failed(component=component, cause=cause, hint=None)


def find_mistake(error: BaseException | None) -> UserError | None:
    """The UserError that an error is or was raised from: the first of them.

    Beam raises a worker's error again, with the name of its own step in the message.
    """
    found = None
    while error is not None:
        found = error if isinstance(error, UserError) else found
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found
