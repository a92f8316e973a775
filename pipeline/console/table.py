"""A table for a pipe or a file: columns of equal width and nothing else."""

from collections.abc import Sequence
from typing import TextIO


def print_plain_table(lines: Sequence[Sequence[str]], stream: TextIO) -> None:
    """Prints a table.

    Args:
        lines: Its rows, the headings first; each has the same number of cells, and there is one.
        stream: Where to.
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip(), file=stream)
