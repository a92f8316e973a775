"""Puts what was measured into docs/benchmarks.md.

    python -m benchmarks.publish

takes the tables that `benchmarks.compare` and `benchmarks.scale` left in `benchmarks/results/`; a
table that was not measured stays as it is.
"""

import re
from pathlib import Path

import click

from benchmarks.defaults import RESULTS
from benchmarks.machine import REPOSITORY

PUBLISHED = "published.md"
"""The part of a benchmark's results that the document shows."""

SECTIONS = ("compare", "scale")


def insert(document: str, section: str, text: str) -> str:
    """The document with a section's text between its marks.

    Raises:
        ValueError: The document has no such marks.
    """
    begin, end = (f"<!-- benchmarks.{section}: {word} -->" for word in ("begin", "end"))
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    filled, count = pattern.subn(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", document)
    if count != 1:
        raise ValueError(f"the document has {count} places for {section}, not one")
    return filled


@click.command()
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=RESULTS,
    show_default="benchmarks/results",
    help="Folder of all results.",
)
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    default=REPOSITORY / "docs" / "benchmarks.md",
    show_default="docs/benchmarks.md",
)
def main(results: Path, document: Path) -> None:
    """Put the newest results into the document."""
    text = document.read_text(encoding="utf-8")
    for section in SECTIONS:
        path = results / section / PUBLISHED
        if path.is_file():
            text = insert(text, section, path.read_text(encoding="utf-8"))
            click.echo(f"{section}: from {path}")
        else:
            click.echo(f"{section}: no results; unchanged")
    document.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
