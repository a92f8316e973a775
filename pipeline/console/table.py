"""A plain table for a pipe or a file: aligned columns, no colours, no borders."""

from collections.abc import Sequence
from typing import TextIO

from components.printable import printable


def print_plain_table(rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    """Prints the headings, then the rows; all have the same number of cells."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), file=stream)
