"""How a run is shown to the person who follows it: what every view offers."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from components.pusher.outcome import Word
from pipeline.run.state import RunState


class View(Protocol):
    """Shows a run, on this machine or on a cluster, until it ends."""

    def begin(self, heading: Sequence[str]) -> None:
        """The run starts; the heading is shown above it."""

    def show(self, state: RunState) -> None:
        """Something happened; `state` is what follows from it."""

    def tick(self, state: RunState) -> None:
        """Time has passed; called several times a second."""

    def notice(self, text: str) -> None:
        """Something else that the person should know now; an empty text takes it back."""

    def close(self, state: RunState) -> None:
        """The run is over, or no longer followed."""

    def end(self, word: Word, lines: Sequence[str]) -> None:
        """The outcome, in a word and in lines with details; called after `close`."""


def choose_view(stream: TextIO, term: str | None) -> View:
    """A live table on a terminal of the kind `term` (`$TERM`), plain lines elsewhere."""
    if stream.isatty() and term not in (None, "", "dumb"):
        from pipeline.console.live import LiveView

        return LiveView(stream)
    from pipeline.console.plain import PlainView

    return PlainView(stream)
