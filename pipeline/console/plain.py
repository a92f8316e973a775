"""A run as plain lines, for logs and pipes: one a change of state, and now and then progress."""

import os
import time
from collections.abc import Callable
from typing import TextIO

from pipeline.console.final import closing_lines, shown_path
from pipeline.console.headlines import duration, headline
from pipeline.run.events import Event, Failed, Finished, Phase, Plan, Progress, Started
from pipeline.run.paths import RunFolder
from pipeline.run.state import Board
from pipeline.run.summary import Summary

# The same thing again is told after so many seconds, or after such a share of it: what takes a
# moment has one line.
_MOST_SECONDS_BETWEEN = 10.0
_LEAST_SECONDS_BETWEEN = 1.0
_SHARE_BETWEEN = 0.1


class PlainView:
    """Writes lines without colour or cursor movement.

    Args:
        stream: Where to.
        clock: Seconds, to keep progress lines apart.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._width = 0
        self._told: dict[str, tuple[Progress, float]] = {}

    def begin(self, run: RunFolder) -> None:
        """Names the run and its log."""
        self._line(f"run {run.run_id}, log in {shown_path(run.log)}")

    def show(self, event: Event, board: Board) -> None:
        """Writes what is worth a line."""
        match event:
            case Phase():
                self._line(event.message)
            case Plan():
                self._width = max(map(len, event.components), default=0)
            case Started():
                self._told.clear()
                self._component(event.component, "running")
            case Progress() if self._is_worth_a_line(event):
                self._told[event.message] = event, self._clock()
                self._component(event.component, progress_text(event))
            case Finished():
                figure = headline(event.component, event.facts)
                self._component(event.component, event.state, duration(event.seconds), figure)
            case Failed() if event.component in board.rows:
                seconds = board.rows[event.component].seconds
                self._component(event.component, "failed", duration(seconds or 0.0))

    def tick(self, board: Board) -> None:
        """Writes nothing: a log is no clock."""

    def notice(self, text: str) -> None:
        """Writes it."""
        self._line(text)

    def close(self, board: Board) -> None:
        """Writes nothing; every change has its line already."""

    def end(self, summary: Summary, run: RunFolder) -> None:
        """Writes the closing lines."""
        self._line("")
        for line in closing_lines(summary, run):
            self._line(line)

    def _is_worth_a_line(self, event: Progress) -> bool:
        """Whether it says something new (an epoch does), or a tenth or ten seconds more of it."""
        if event.message not in self._told:
            return True
        last, told_at = self._told[event.message]
        seconds = self._clock() - told_at
        if seconds >= _MOST_SECONDS_BETWEEN:
            return True
        if (
            seconds < _LEAST_SECONDS_BETWEEN
            or event.done is None
            or last.done is None
            or not event.total
        ):
            return False
        return event.done - last.done >= event.total * _SHARE_BETWEEN

    def _component(self, component: str, *words: str) -> None:
        self._line("  ".join(filter(None, [component.ljust(self._width), *words])))

    def _line(self, text: str) -> None:
        try:
            print(text.rstrip(), file=self._stream, flush=True)
        except BrokenPipeError:
            # Nobody reads any more, as after `| head`. The run goes on: its summary is a file. What
            # is still buffered would raise again when Python exits (docs.python.org, SIGPIPE).
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def progress_text(event: Progress) -> str:
    """A progress event in words: the message, and how many of how many unless it says so."""
    if event.done is None or f"{event.done}/{event.total}" in event.message:
        return event.message
    of = f" of {event.total:,}" if event.total is not None else ""
    return f"{event.message}: {event.done:,}{of}"
