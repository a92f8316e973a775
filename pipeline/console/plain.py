"""A run as plain lines, for logs and pipes: one for each change of state, and some for progress."""

import os
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from components.format import duration
from components.printable import printable_text
from components.pusher.outcome import Word
from pipeline.run.events import Progress
from pipeline.run.state import NodeState, RunState

# Progress of one kind is shown again after so many seconds, or after such a share of it.
_MOST_SECONDS_BETWEEN = 10.0
_LEAST_SECONDS_BETWEEN = 1.0
_SHARE_BETWEEN = 0.1


class PlainView:
    """Writes lines without colour or cursor movement.

    `clock` keeps progress lines apart.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._width = 0
        self._phase = ""
        self._notice = ""
        self._states: dict[str, str] = {}
        self._notes: dict[str, int] = {}
        self._shown: dict[str, tuple[Progress, float]] = {}

    def begin(self, heading: Sequence[str]) -> None:
        """Writes the heading."""
        for line in heading:
            self._line(line)

    def show(self, state: RunState) -> None:
        """Writes what changed and is worth a line."""
        phase = state.phase.message if state.phase else ""
        if phase and phase != self._phase:
            self._line(phase)
        self._phase = phase
        self._width = max(map(len, state.nodes), default=0)
        for node in state.nodes.values():
            self._show_node(node, state)

    def tick(self, state: RunState) -> None:
        """Writes nothing: a log is not a clock."""

    def notice(self, text: str) -> None:
        """Writes it, once."""
        if text and text != self._notice:
            self._line(text)
        self._notice = text

    def close(self, state: RunState) -> None:
        """Writes nothing; every change has its line already."""

    def end(self, word: Word, lines: Sequence[str]) -> None:
        """Writes the outcome."""
        self._line("")
        for line in lines:
            self._line(line)

    def _show_node(self, node: NodeState, state: RunState) -> None:
        if node.state != self._states.get(node.component, "waiting"):
            self._states[node.component] = node.state
            self._write_state(node, state)
        for note in node.notes[self._notes.get(node.component, 0) :]:
            self._component(node.component, note)
        self._notes[node.component] = len(node.notes)
        progress = node.progress
        # The log of a single node has its progress alone: nothing says there that it runs.
        is_over = node.state not in ("waiting", "running")
        if progress and not is_over and self._is_worth_a_line(progress):
            self._shown[progress.message] = progress, self._clock()
            self._component(node.component, progress_text(progress))

    def _write_state(self, node: NodeState, state: RunState) -> None:
        if node.state == "not run":
            return
        if node.state in ("starting", "running"):
            self._shown.clear()
            self._component(node.component, node.state)
            return
        seconds = state.seconds_of(node)
        took = "" if seconds is None else duration(seconds)
        self._component(node.component, node.state, took, node.error or node.facts.headline())

    def _is_worth_a_line(self, progress: Progress) -> bool:
        """Whether it is new (an epoch is), or a tenth or ten seconds more of the same."""
        if progress.message not in self._shown:
            return True
        last, shown_at = self._shown[progress.message]
        if last is progress:
            return False
        seconds = self._clock() - shown_at
        if seconds >= _MOST_SECONDS_BETWEEN:
            return True
        if (
            seconds < _LEAST_SECONDS_BETWEEN
            or progress.done is None
            or last.done is None
            or not progress.total
        ):
            return False
        return progress.done - last.done >= progress.total * _SHARE_BETWEEN

    def _component(self, component: str, *words: str) -> None:
        self._line("  ".join(filter(None, [component.ljust(self._width), *words])))

    def _line(self, text: str) -> None:
        try:
            print(printable_text(text.rstrip()), file=self._stream, flush=True)
        except BrokenPipeError:
            # Nobody reads any longer, as after `| head`. The run continues: its summary is a file.
            # What is still buffered would raise again when Python exits (docs.python.org, SIGPIPE).
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def progress_text(progress: Progress) -> str:
    """The message, and how many of how many unless the message says so itself."""
    if progress.done is None or f"{progress.done}/{progress.total}" in progress.message:
        return progress.message
    of = f" of {progress.total:,}" if progress.total is not None else ""
    return f"{progress.message}: {progress.done:,}{of}"
