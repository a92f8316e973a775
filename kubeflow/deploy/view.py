"""A run on the cluster as a person follows it: a live table on a terminal, lines elsewhere."""

import time
from collections.abc import Callable
from typing import Protocol, TextIO

from pipeline.console.headlines import PURPOSES, duration

from .run import RunState, TaskState

_MARKS = {
    "waiting": ("·", "dim"),
    "starting": ("·", "cyan"),
    "done": ("✓", "green"),
    "skipped": ("-", "dim"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
    "not run": ("-", "dim"),
}


class RunView(Protocol):
    """Shows a run while it goes on."""

    def show(self, run: RunState) -> None:
        """Where it stands now."""

    def tick(self) -> None:
        """Time went by; called several times a second."""

    def notice(self, text: str) -> None:
        """Something else to know now, or nothing any more."""

    def close(self) -> None:
        """The run is over, or no longer followed."""


class PlainRunView:
    """Writes a line for each change of a task's state."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._states: dict[str, str] = {}
        self._notice = ""

    def show(self, run: RunState) -> None:
        """Writes what changed."""
        width = max((len(task.task.name) for task in run.tasks), default=0)
        for task in run.tasks:
            before = self._states.get(task.task.key, "waiting")
            if task.state not in (before, "not run"):
                self._states[task.task.key] = task.state
                words = [task.task.name.ljust(width), task.state]
                if task.seconds is not None and task.state not in ("starting", "running"):
                    words.append(duration(task.seconds))
                print("  ".join(words), file=self._stream, flush=True)

    def tick(self) -> None:
        """Writes nothing: a log is no clock."""

    def notice(self, text: str) -> None:
        """Writes it, once."""
        if text and text != self._notice:
            print(text, file=self._stream, flush=True)
        self._notice = text

    def close(self) -> None:
        """Writes nothing; every change has its line already."""


class TerminalRunView:
    """A table that is kept up to date in place.

    Args:
        stream: A terminal.
        width: Its columns; asked of the terminal if None.
        clock: Seconds, to let times go on between two answers of the host.
    """

    def __init__(
        self,
        stream: TextIO,
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._live = Live(
            console=Console(file=stream, width=width, highlight=False), auto_refresh=False
        )
        self._spinner = Spinner("dots", style="cyan")
        self._clock = clock
        self._run: RunState | None = None
        self._shown_at = 0.0
        self._notice = ""

    def show(self, run: RunState) -> None:
        """Draws where it stands."""
        self._run, self._shown_at = run, self._clock()
        if not self._live.is_started:
            self._live.start()
        self.tick()

    def tick(self) -> None:
        """Draws it again, with the time that went by."""
        if self._live.is_started:
            self._live.update(self._table(), refresh=True)

    def notice(self, text: str) -> None:
        """Shows a line under the table."""
        self._notice = text
        self.tick()

    def close(self) -> None:
        """Leaves the table as it stands, and the terminal as it was."""
        self._notice = ""
        if self._live.is_started:
            self.tick()
            self._live.stop()

    def _table(self):  # type: ignore[no-untyped-def]  # rich is imported where it is used
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right", min_width=5)
        table.add_column()
        for task in self._run.tasks if self._run else ():
            table.add_row(*self._cells(task))
        # A line to itself for the cursor, where the terminal shows Ctrl-C as ^C.
        return Group(
            table, *([Text(self._notice, style="yellow")] if self._notice else []), Text("")
        )

    def _cells(self, task: TaskState):  # type: ignore[no-untyped-def]
        from rich.text import Text

        is_running = task.state == "running"
        seconds = task.seconds
        if is_running and seconds is not None:
            seconds += self._clock() - self._shown_at
        mark, style = ("", "cyan") if is_running else _MARKS[task.state]
        is_dim = task.state in ("waiting", "not run")
        return (
            self._spinner if is_running else Text(mark, style=style),
            Text(task.task.name, style="dim" if is_dim else ""),
            Text(task.state, style=style),
            Text("" if seconds is None else duration(seconds)),
            Text(task.error or PURPOSES.get(task.task.name, ""), style="" if task.error else "dim"),
        )


def choose_run_view(stream: TextIO, term: str | None) -> RunView:
    """A table on a terminal, lines elsewhere."""
    if stream.isatty() and term not in (None, "", "dumb"):
        return TerminalRunView(stream)
    return PlainRunView(stream)
