"""The messages that docs/troubleshooting.md explains are messages of the code."""

import re
from collections.abc import Iterator

import pytest

from tests.docs.documents import read
from tests.repository import REPOSITORY

FOLDERS = ("pipeline", "components", "trainer", "kubeflow", ".ci")

_CODE = re.compile(r"`([^`]+)`")
# What stands for a value: in the document an ellipsis or an example, in the code a field.
_VALUE = re.compile(r"\.\.\.|\{SPAN\}|\b5000\b|\b9\b")
_FIELD = re.compile(r"\{[^{}\n]*\}|\$\w+|\$\([^)]*\)")
_JOINT = re.compile(r'"\s*\n\s*\+?\s*f?"')


def symptoms() -> Iterator[str]:
    """What is in backticks in the first column of the tables."""
    for line in read("docs/troubleshooting.md").splitlines():
        if line.startswith("| "):
            yield from _CODE.findall(line.split("|")[1])


@pytest.fixture(scope="module")
def code() -> str:
    """The text of all code: literals of several lines joined, a NUL for each field."""
    files = (path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*"))
    texts = (
        path.read_text() for path in sorted(files) if path.suffix in ("", ".py") and path.is_file()
    )
    return _FIELD.sub("\0", _JOINT.sub("", "\n".join(texts)))


@pytest.mark.parametrize("symptom", sorted(set(symptoms())))
def test_message_exists(symptom: str, code: str) -> None:
    parts = [part.strip(" ,.;()") for part in _VALUE.split(symptom)]
    assert [part for part in parts if part not in code] == []
