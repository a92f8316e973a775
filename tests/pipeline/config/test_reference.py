from pathlib import Path

from click.testing import CliRunner
from pydantic import BaseModel

from pipeline.config.describe_types import inner_sections, keys
from pipeline.config.reference import main, reference
from pipeline.config.schema import PipelineConfig
from tests.repository import REPOSITORY


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
    assert all(f"## `{section}`\n" in text for section in PipelineConfig.model_fields)


def test_every_setting_is_described() -> None:
    lines = [line for line in reference().splitlines() if line.startswith("| `")]
    assert lines
    assert [line for line in lines if line.endswith("|  |")] == []


def test_writes_the_file_and_checks_it(tmp_path: Path) -> None:
    file = tmp_path / "configuration.md"
    missing = CliRunner().invoke(main, ["--check", str(file)])
    assert missing.exit_code == 1 and "out of date" in missing.output
    file.write_text("old\n")
    stale = CliRunner().invoke(main, ["--check", str(file)])
    assert stale.exit_code == 1 and "out of date" in stale.output
    assert file.read_text() == "old\n"
    assert CliRunner().invoke(main, [str(file)]).exit_code == 0
    text = file.read_text()
    assert text.startswith("# Configuration\n") and "old\n" not in text
    assert "`min_accuracy` | number above 0 and up to 1 | **required**" in text
    assert CliRunner().invoke(main, ["--check", str(file)]).exit_code == 0


def test_the_reference_is_up_to_date() -> None:
    result = CliRunner().invoke(main, ["--check", str(REPOSITORY / "docs" / "configuration.md")])
    assert result.exit_code == 0, result.output
