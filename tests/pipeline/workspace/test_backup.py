"""The command `backup`."""

import sqlite3
from pathlib import Path

from click.testing import CliRunner

from pipeline.cli.main import cli


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE texts (text)")
        database.execute("INSERT INTO texts VALUES (?)", (text,))


def test_backup(tmp_path: Path) -> None:
    _write(tmp_path / "workspace" / "metadata.sqlite", "lineage")
    copy = tmp_path / "copy.sqlite"
    result = CliRunner().invoke(cli, ["backup", str(tmp_path / "workspace"), "-o", str(copy)])
    assert (result.exit_code, str(copy) in result.output) == (0, True)
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT text FROM texts").fetchall() == [("lineage",)]


def test_metadata_elsewhere(tmp_path: Path) -> None:
    run = tmp_path / "workspace" / "runs" / "1"
    run.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere.sqlite"
    config = f'{{"push": {{"model_name": "pets"}}, "metadata": {{"path": "{elsewhere}"}}}}'
    (run / "config.json").write_text(config)
    _write(elsewhere, "lineage")
    command = ["backup", str(tmp_path / "workspace"), "-o", str(tmp_path / "copy")]
    assert str(elsewhere) in CliRunner().invoke(cli, command).output
    _write(tmp_path / "workspace" / "metadata.sqlite", "of another model")
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 1 and "Choose a model with --model" in result.output
    assert CliRunner().invoke(cli, [*command, "--model", "pets"]).exit_code == 0


def test_the_metadata_are_not_their_own_backup(tmp_path: Path) -> None:
    file = tmp_path / "workspace" / "metadata.sqlite"
    _write(file, "lineage")
    inode = file.stat().st_ino
    result = CliRunner().invoke(cli, ["backup", str(tmp_path / "workspace"), "-o", str(file)])
    assert result.exit_code == 1 and "is the metadata of this workspace" in result.output
    assert file.stat().st_ino == inode


def test_no_metadata(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["backup", str(tmp_path)])
    assert result.exit_code == 1 and "has no metadata" in result.output
