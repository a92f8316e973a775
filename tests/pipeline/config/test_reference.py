from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from pipeline.config.describe_types import inner_sections, keys
from pipeline.config.reference import BEGIN, END, main, reference
from pipeline.config.schema import PipelineConfig
from tests.repository import REPOSITORY

README = REPOSITORY / "README.md"


def all_keys(section: type[BaseModel]) -> set[str]:
    found = set(keys(section))
    for field in section.model_fields.values():
        for inner, _ in inner_sections(field.annotation):
            found |= all_keys(inner)
    return found


def test_every_key_is_in_the_reference() -> None:
    text = reference()
    missing = {key for key in all_keys(PipelineConfig) if f"| `{key}` |" not in text}
    # The sections of the file have a table each instead of a line.
    assert missing <= set(PipelineConfig.model_fields)
    assert all(f"#### `{section}`" in text for section in PipelineConfig.model_fields)


def test_every_setting_is_described() -> None:
    lines = [line for line in reference().splitlines() if line.startswith("| `")]
    assert lines
    assert [line for line in lines if line.endswith("|  |")] == []


def test_writes_between_the_markers_and_checks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    stale = CliRunner().invoke(main, ["--check", str(readme)])
    assert stale.exit_code == 1 and "out of date" in stale.output
    assert "old" in readme.read_text()
    assert CliRunner().invoke(main, [str(readme)]).exit_code == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "\nold\n" not in text
    assert "`min_accuracy` | number above 0 and up to 1 | **required**" in text
    assert CliRunner().invoke(main, ["--check", str(readme)]).exit_code == 0


@pytest.mark.parametrize("text", ["", BEGIN, END + BEGIN])
def test_missing_markers_are_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(text)
    result = CliRunner().invoke(main, [str(tmp_path / "README.md")])
    assert result.exit_code == 1
    assert "the markers" in result.output


def test_the_readme_is_up_to_date() -> None:
    if not README.exists():
        pytest.skip("there is no README.md yet")
    result = CliRunner().invoke(main, ["--check", str(README)])
    assert result.exit_code == 0, result.output
