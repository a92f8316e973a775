"""The part of our code that cached results depend on."""

from pathlib import Path

import pytest

from pipeline.execution import caching
from pipeline.execution.caching import fingerprint_code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a file, and a folder with another."""
    monkeypatch.setattr(caching, "__file__", str(tmp_path / "pipeline/execution/caching.py"))
    (tmp_path / "steps" / "report").mkdir(parents=True)
    (tmp_path / "steps" / "read.py").write_text("one = 1")
    (tmp_path / "steps" / "report" / "page.py").write_text("two = 2")
    return tmp_path / "steps"


def test_every_python_file_counts(package: Path) -> None:
    before = fingerprint_code("steps")
    (package / "notes.txt").write_text("not code")
    assert fingerprint_code("steps") == before
    (package / "report" / "page.py").write_text("two = 3")
    assert fingerprint_code("steps") != before


def test_a_folder_that_is_left_out_does_not_count(package: Path) -> None:
    before = fingerprint_code("steps", without="report")
    (package / "report" / "page.py").write_text("two = 3")
    assert fingerprint_code("steps", without="report") == before
    (package / "read.py").write_text("one = 2")
    assert fingerprint_code("steps", without="report") != before
