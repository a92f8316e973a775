"""What the documents point to exists."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, exists, read, without_blocks
from tests.repository import REPOSITORY

NAMES = (*DOCUMENTS, "CHANGELOG.md")

_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"`(?P<text>[^`\n]+)`")
_PATH = re.compile(r"\.?[\w-][\w.*-]*(/[\w.*-]+)+/?")
_MADE_BY_COMMANDS = ("benchmarks/results",)
_TOP = {path.name for path in REPOSITORY.iterdir()} - {"workspace", ".venv", ".git"}


def headings(text: str) -> set[str]:
    """Anchors of a document's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", without_blocks(text), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", one.lower()) for one in found)
    return {one.strip().replace(" ", "-") for one in plain}


def paths(text: str) -> list[str]:
    """Paths in backticks that should be of this repository: Python files, or below its top."""
    found = (one["text"] for one in _CODE.finditer(without_blocks(text)))
    all_paths = (one for one in found if _PATH.fullmatch(one))
    ours = (one for one in all_paths if one.split("/")[0] in _TOP or one.endswith(".py"))
    return [one for one in ours if not one.startswith(_MADE_BY_COMMANDS)]


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_lead_somewhere(name: str) -> None:
    document = REPOSITORY / name
    for link in _LINK.finditer(without_blocks(read(name))):
        target, _, anchor = link["target"].partition("#")
        if ":" in target:
            continue
        path = document if not target else (document.parent / target).resolve()
        assert path.exists(), f"{name}: {link['target']}"
        if anchor and path.suffix == ".md":
            assert anchor in headings(path.read_text()), f"{name}: {link['target']}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_in_backticks_exist(name: str) -> None:
    missing = [path for path in paths(read(name)) if not exists(path.rstrip("/"), Path(name))]
    assert missing == []


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {link["target"] for link in _LINK.finditer(read("README.md"))}
    assert set(NAMES) - {"README.md"} <= linked


def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) <= 250
