"""Puts what was measured into the README.

    python -m benchmarks.readme

takes what `benchmarks.compare` and `benchmarks.scale` left in `benchmarks/results/`; what was not
measured stays as it is.
"""

import re
from pathlib import Path

import click

from benchmarks.defaults import RESULTS
from benchmarks.machine import REPOSITORY

README_FILE = "readme.md"
"""What a benchmark has for the README, among its results."""

SECTIONS = ("compare", "scale")


def insert(readme: str, section: str, text: str) -> str:
    """The README with a section's text between its marks.

    Raises:
        ValueError: The README has no such marks.
    """
    begin, end = (f"<!-- benchmarks.{section}: {word} -->" for word in ("begin", "end"))
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    filled, count = pattern.subn(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", readme)
    if count != 1:
        raise ValueError(f"the README has {count} places for {section}, not one")
    return filled


@click.command()
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=RESULTS,
    show_default="benchmarks/results",
    help="Folder of all results.",
)
@click.option("--readme", type=click.Path(path_type=Path), default=REPOSITORY / "README.md")
def main(results: Path, readme: Path) -> None:
    """Put the newest results into the README."""
    text = readme.read_text(encoding="utf-8")
    for section in SECTIONS:
        path = results / section / README_FILE
        if path.is_file():
            text = insert(text, section, path.read_text(encoding="utf-8"))
            click.echo(f"{section}: from {path}")
        else:
            click.echo(f"{section}: no results; left as it was")
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
