"""One table, for the terminal and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Rows of text under a title.

    Attributes:
        title: What it shows.
        columns: Heads of the columns; the first is that of the rows' names.
        rows: A text for each column.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def print(self, console: Console) -> None:
        """Draws it on the terminal."""
        drawn = RichTable(title=self.title, title_justify="left")
        for index, column in enumerate(self.columns):
            drawn.add_column(column, justify="right" if index else "left")
        for row in self.rows:
            drawn.add_row(*row)
        console.print(drawn)

    def markdown(self) -> str:
        """The same for a document."""
        dividers = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = [self.columns, dividers, *self.rows]
        drawn = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        return f"**{self.title}**\n\n{drawn}"
