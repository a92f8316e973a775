"""The documents of this repository, and the fenced blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.repository import REPOSITORY

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")),
)
"""Paths from the top of the repository; README first, whose commands make the sample's run."""

SHELL = ("sh", "console")

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)$")
_ANNOTATION = re.compile(r"^ *<!-- (?P<text>.*) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        place: `FILE:LINE` of its first line.
        language: `sh`, `yaml`, `text`, ...
        text: Its lines, without their common indentation.
        annotation: The text of an HTML comment on the line before it, or nothing.
    """

    place: str
    language: str
    text: str
    annotation: str = ""

    @property
    def is_run(self) -> bool:
        """Whether it can run here; otherwise the annotation gives the reason."""
        return not self.annotation.startswith("not run: ")

    @property
    def script(self) -> str:
        """The commands of a shell block; of a `console` block the lines after a prompt."""
        if self.language != "console":
            return self.text
        return "".join(
            line[2:] for line in self.text.splitlines(keepends=True) if line.startswith("$ ")
        )


def read(document: str) -> str:
    """The text of a document."""
    return (REPOSITORY / document).read_text(encoding="utf-8")


def find_blocks(name: str, text: str) -> Iterator[Block]:
    """All fenced blocks of a document, in order.

    Raises:
        ValueError: A block has no end.
    """
    lines = iter(enumerate(text.splitlines(), 1))
    annotation = ""
    for number, line in lines:
        if fence := _FENCE.match(line):
            indent = len(fence["indent"])
            inside = []
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                inside.append(inner[indent:] + "\n")
            else:
                raise ValueError(f"{name}:{number}: this block has no end")
            place = f"{name}:{number + 1}"
            yield Block(place, fence["language"], "".join(inside), annotation)
        found = _ANNOTATION.match(line)
        annotation = found["text"] if found else ""


def shell_blocks(document: str) -> list[Block]:
    """The blocks of shell commands of a document."""
    return [one for one in find_blocks(document, read(document)) if one.language in SHELL]


def without_blocks(text: str) -> str:
    """A document's prose: no fenced blocks, and no HTML comments."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"<!--.*?-->", "", prose, flags=re.DOTALL)


def exists(path: str, document: Path) -> bool:
    """Whether a path exists, from the document's folder or from the top; `*` matches anything."""
    return any(next(iter(folder.glob(path)), None) for folder in (document.parent, REPOSITORY))
