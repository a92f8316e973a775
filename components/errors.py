"""Mistakes in the input that the user can fix, described in one sentence."""

from components.printable import printable_text


class UserError(Exception):
    """A mistake in the input or configuration, not in the program.

    The caller prints the message (and the hint, if any) and no traceback.

    Attributes:
        message: One clear sentence, or a short list: what is wrong and where; printable, whatever
            names are in it.
        hint: What to do about it, or None where the message says it all.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Takes what is wrong, and what to do about it."""
        message = printable_text(message)
        hint = None if hint is None else printable_text(hint)
        super().__init__(message if hint is None else f"{message}\n{hint}")
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str | None]]:
        """Pickles by the constructor's arguments; Beam workers send their errors pickled."""
        return type(self), (self.message, self.hint)
