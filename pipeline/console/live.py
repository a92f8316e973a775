"""A run on a terminal: a line for each node, kept up to date in place."""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from components.format import duration
from components.printable import printable_text
from components.pusher.outcome import Word
from pipeline.console.plain import progress_text
from pipeline.nodes import node as table_row
from pipeline.run.state import NodeState, RunState

_LONGEST_BAR = 40
_MARKS = {
    "waiting": ("·", "dim"),
    "starting": ("·", "cyan"),
    "done": ("✓", "green"),
    "cached": ("✓", "cyan"),
    "skipped": ("-", "dim"),
    "refused": ("✗", "yellow"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
    "not run": ("-", "dim"),
}
_OUTCOME_STYLES: dict[Word, str] = {
    "pushed": "bold green",
    "unchanged": "bold cyan",
    "unknown": "bold",
    "refused": "bold yellow",
    "failed": "bold red",
}


class LiveView:
    """A live table, as wide as the terminal unless `width` says otherwise."""

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self._console = Console(file=stream, width=width, highlight=False)
        # Drawn by tick() alone: a thread that draws would need the state locked.
        self._live = Live(console=self._console, auto_refresh=False)
        self._spinner = Spinner("dots", style="cyan")
        self._phase_spinner = Spinner("dots", style="cyan")
        self._notice = ""
        self._drawn: object = None

    def begin(self, heading: Sequence[str]) -> None:
        """Prints the heading and starts the table."""
        if heading:
            self._print(_text("\n".join([*heading, ""]), "dim"))
        self._live.start()

    def show(self, state: RunState) -> None:
        """Draws the table; there may be much progress, which waits for the next tick."""
        changed = (state.phase, [(node.component, node.state) for node in state.nodes.values()])
        if changed != self._drawn:
            self._drawn = changed
            self.tick(state)

    def tick(self, state: RunState) -> None:
        """Draws the table again, with the elapsed time."""
        if self._live.is_started:
            self._live.update(self.render(state), refresh=True)

    def notice(self, text: str) -> None:
        """Shows a line under the table."""
        self._notice = text

    def close(self, state: RunState) -> None:
        """Leaves the last table on the screen, and the terminal as it was."""
        self._notice = ""
        if self._live.is_started:
            self.tick(state)
            self._live.stop()

    def end(self, word: Word, lines: Sequence[str]) -> None:
        """Prints the outcome."""
        first, *rest = lines
        self._print(_text(first, _OUTCOME_STYLES[word]))
        for line in rest:
            self._print(_text(line))

    def render(self, state: RunState) -> RenderableType:
        """The table as it is now."""
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right", min_width=5)
        table.add_column(ratio=1)
        for node in state.nodes.values():
            table.add_row(*self._cells(node, state))
        parts: list[RenderableType] = [table] if state.nodes else []
        if state.phase is not None:
            text = f"{state.phase.message}  {duration(state.elapsed_seconds)}"
            self._phase_spinner.update(text=_text(text))
            parts.append(self._phase_spinner)
        if self._notice:
            parts.append(_text(self._notice, "yellow"))
        # A line to itself for the cursor: the terminal shows Ctrl-C as ^C where the cursor is,
        # which at the end of a full line would push the table down.
        return Group(*parts, Text(""))

    def _cells(self, node: NodeState, state: RunState) -> list[RenderableType]:
        word = "refused" if node.facts.is_refusal() else node.state
        seconds = state.seconds_of(node)
        time = Text(duration(seconds) if seconds is not None else "")
        name = Text(node.component)
        if node.state == "running":
            return [self._spinner, name, Text(word, style="cyan"), time, self._running(node)]
        mark, style = _MARKS[word]
        if node.state in ("waiting", "not run"):
            name.stylize("dim")
        return [Text(mark, style=style), name, Text(word, style=style), time, _description(node)]

    def _running(self, node: NodeState) -> RenderableType:
        progress = node.progress
        notes = [_text(note, "dim") for note in node.notes]
        if progress is None:
            return Group(*notes) if notes else _purpose(node)
        words = _text(progress_text(progress))
        if progress.done is None or not progress.total:
            return Group(*notes, words)
        bar = ProgressBar(total=progress.total, completed=progress.done, width=_LONGEST_BAR)
        return Group(*notes, words, bar)

    def _print(self, text: Text) -> None:
        # Not wrapped by rich, so that long paths can be copied whole.
        self._console.print(text, soft_wrap=True)


def _description(node: NodeState) -> Text:
    """What went wrong or what the node reported; before that, what it does."""
    text = node.error or node.facts.headline()
    if node.state in ("failed", "stopped") and node.progress is not None:
        text = node.error or progress_text(node.progress)
    return _text(text) if text else _purpose(node)


def _purpose(node: NodeState) -> Text:
    return Text(table_row(node.component).purpose, style="dim")


def _text(text: str, style: str = "") -> Text:
    """Text without the control sequences that names and messages may contain."""
    return Text(printable_text(text), style=style)
