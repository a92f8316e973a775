"""What a person asked for cannot be meant: nothing was started."""

from components.errors import UserError


class UsageMistake(UserError):
    """A mistake in the arguments of the command."""
