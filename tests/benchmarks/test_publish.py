from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.publish import PUBLISHED, SECTIONS, insert, main
from tests.repository import REPOSITORY

MARKS = "before\n<!-- benchmarks.scale: begin -->\nold\n<!-- benchmarks.scale: end -->\nafter\n"


def test_text_replaces_what_was_between_the_marks() -> None:
    filled = insert(MARKS, "scale", "new \\1\n")
    assert "new \\1" in filled
    assert "old" not in filled
    assert filled.startswith("before\n") and filled.endswith("\nafter\n")
    assert insert(filled, "scale", "new \\1") == filled


def test_missing_marks_are_an_error() -> None:
    with pytest.raises(ValueError, match="0 places for compare"):
        insert(MARKS, "compare", "text")


def test_command_fills_what_was_measured(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text((REPOSITORY / "docs" / "benchmarks.md").read_text())
    for section in SECTIONS:
        (tmp_path / section).mkdir()
        (tmp_path / section / PUBLISHED).write_text(f"figures of {section}\n")
    options = ["--results", str(tmp_path), "--document", str(document)]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0, result.output
    for section in SECTIONS:
        assert f"figures of {section}\n" in document.read_text()
