"""How a person follows a run: what every view of it offers."""

from typing import Protocol, TextIO

from pipeline.run.events import Event
from pipeline.run.paths import RunFolder
from pipeline.run.state import Board
from pipeline.run.summary import Summary


class View(Protocol):
    """Shows a run while it goes on; a terminal and a file want to be told differently."""

    def begin(self, run: RunFolder) -> None:
        """The run starts."""

    def show(self, event: Event, board: Board) -> None:
        """Something happened.

        Args:
            event: What.
            board: Where the run stands after it.
        """

    def tick(self, board: Board) -> None:
        """Time went by; called several times a second."""

    def notice(self, text: str) -> None:
        """Something else that the person should know now."""

    def close(self, board: Board) -> None:
        """The run is over, or broke off."""

    def end(self, summary: Summary, run: RunFolder) -> None:
        """What it came to; called after `close`."""


def choose_view(stream: TextIO, term: str | None) -> View:
    """A live table on a terminal, plain lines elsewhere.

    Args:
        stream: Where to show the run.
        term: The kind of terminal, as in `$TERM`.
    """
    if stream.isatty() and term not in (None, "", "dumb"):
        from pipeline.console.live import TerminalView

        return TerminalView(stream)
    from pipeline.console.plain import PlainView

    return PlainView(stream)
