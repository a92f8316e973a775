"""A run on a terminal: a line per component, kept up to date in place."""

from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipeline.console.final import closing_lines, shown_path
from pipeline.console.headlines import PURPOSES, duration, headline
from pipeline.console.plain import progress_text
from pipeline.run.events import Event, Progress
from pipeline.run.paths import RunFolder
from pipeline.run.state import Board, Row
from pipeline.run.summary import Outcome, Summary

_LONGEST_BAR = 40
_MARKS = {
    "waiting": ("·", "dim"),
    "done": ("✓", "green"),
    "cached": ("✓", "cyan"),
    "skipped": ("-", "dim"),
    "refused": ("✗", "yellow"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
}
_OUTCOME_STYLES: dict[Outcome, str] = {
    "pushed": "bold green",
    "unchanged": "bold cyan",
    "refused": "bold yellow",
    "failed": "bold red",
}


class TerminalView:
    """A live table.

    Args:
        stream: A terminal.
        width: Its columns; asked of the terminal if None.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self._console = Console(file=stream, width=width, highlight=False)
        # Drawn by tick() alone: a thread that draws would need the board locked.
        self._live = Live(console=self._console, auto_refresh=False)
        self._spinner = Spinner("dots", style="cyan")
        self._phase_spinner = Spinner("dots", style="cyan")
        self._notice = ""

    def begin(self, run: RunFolder) -> None:
        """Names the run and starts the table."""
        self._print(Text(f"Run {run.run_id}\nLog {shown_path(run.log)}\n", style="dim"))
        self._live.start()

    def show(self, event: Event, board: Board) -> None:
        """Draws where the run stands; progress may come in floods and waits for the next tick."""
        if not isinstance(event, Progress):
            self.tick(board)

    def tick(self, board: Board) -> None:
        """Draws the table again, with the time that went by."""
        self._live.update(self.render(board), refresh=True)

    def notice(self, text: str) -> None:
        """Shows a line under the table."""
        self._notice = text

    def close(self, board: Board) -> None:
        """Leaves the table as it stands, and the terminal as it was."""
        self._notice = ""
        if self._live.is_started:
            self.tick(board)
            self._live.stop()

    def end(self, summary: Summary, run: RunFolder) -> None:
        """Prints the closing lines."""
        first, *rest = closing_lines(summary, run)
        self._print(Text(first, style=_OUTCOME_STYLES[summary.outcome]))
        for line in rest:
            self._print(Text(line))

    def render(self, board: Board) -> RenderableType:
        """The table as it stands now."""
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right", min_width=5)
        table.add_column(ratio=1)
        for row in board.rows.values():
            table.add_row(*self._cells(row, board))
        parts: list[RenderableType] = [table] if board.rows else []
        if board.phase is not None:
            text = f"{board.phase.message}  {duration(board.elapsed_seconds)}"
            self._phase_spinner.update(text=text)
            parts.append(self._phase_spinner)
        if self._notice:
            parts.append(Text(self._notice, style="yellow"))
        # A line to itself for the cursor: the terminal shows Ctrl-C as ^C where the cursor stands,
        # which at the end of a full line would push the table down.
        return Group(*parts, Text(""))

    def _cells(self, row: Row, board: Board) -> list[RenderableType]:
        is_refused = False in (row.facts.get("blessed"), row.facts.get("passed"))
        state = "refused" if is_refused else row.state
        seconds = board.row_seconds(row)
        time = Text(duration(seconds) if seconds is not None else "")
        name = Text(row.component)
        if row.state == "running":
            return [self._spinner, name, Text(state, style="cyan"), time, self._running(row)]
        mark, style = _MARKS[state]
        if row.state == "waiting":
            name.stylize("dim")
        told = headline(row.component, row.facts)
        if row.state in ("failed", "stopped") and row.progress is not None:
            told = progress_text(row.progress)
        figure = Text(told) if told else Text(PURPOSES.get(row.component, ""), style="dim")
        return [Text(mark, style=style), name, Text(state, style=style), time, figure]

    def _running(self, row: Row) -> RenderableType:
        progress = row.progress
        notes = [Text(note, style="dim") for note in row.notes]
        if progress is None:
            return Group(*notes) if notes else Text(PURPOSES.get(row.component, ""), style="dim")
        words = Text(progress_text(progress))
        if progress.done is None or not progress.total:
            return Group(*notes, words)
        bar = ProgressBar(total=progress.total, completed=progress.done, width=_LONGEST_BAR)
        return Group(*notes, words, bar)

    def _print(self, text: Text) -> None:
        # Not wrapped by rich, so that long paths can be copied whole.
        self._console.print(text, soft_wrap=True)
