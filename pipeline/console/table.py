"""Tables: with colours on a terminal, with aligned columns alone in a pipe or a file."""

from collections.abc import Collection, Sequence
from typing import TextIO

from components.printable import printable

Cells = Sequence[str]


def print_table(
    headings: Cells,
    rows: Sequence[Cells],
    styles: Sequence[str | None],
    stream: TextIO,
    *,
    wraps: Collection[str] = ("note",),
) -> None:
    """Prints rows in their styles on a terminal, plainly elsewhere.

    Columns under the headings `wraps` may be broken into lines; a `time` is on the right.
    """
    if not stream.isatty():
        _print_plain([headings, *rows], stream)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(
            heading,
            overflow="fold",
            no_wrap=heading not in wraps,
            justify="right" if heading == "time" else "left",
            min_width=12 if heading == "note" else None,
        )
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*map(printable, row), style=style)
    Console(file=stream, highlight=False, markup=False).print(table)


def _print_plain(rows: Sequence[Cells], stream: TextIO) -> None:
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), file=stream)
