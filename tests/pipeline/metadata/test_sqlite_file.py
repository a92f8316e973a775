"""What is told of a SQLite file that cannot be used, and its backup."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.metadata_store.metadata_store import downgrade_schema
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError
from pipeline.metadata import sqlite_file
from pipeline.metadata.connection import connection_config, open_store
from pipeline.metadata.sqlite_file import back_up
from pipeline.metadata.url import MetadataUrl


def _config(file: Path) -> metadata_store_pb2.ConnectionConfig:
    config = connection_config(MetadataUrl("sqlite", database=str(file)))
    assert isinstance(config, metadata_store_pb2.ConnectionConfig)
    return config


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with 300 models."""
    path = tmp_path / "metadata.sqlite"
    store = mlmd.MetadataStore(_config(path))
    kind = store.put_artifact_type(metadata_store_pb2.ArtifactType(name="Model"))
    artifact = metadata_store_pb2.Artifact
    store.put_artifacts([artifact(type_id=kind, uri=f"{'x' * 100}{i}") for i in range(300)])
    return path


def _count_models(file: Path) -> int:
    return len(open_store(_config(file)).get_artifacts())


def _overwrite_a_page(file: Path) -> None:
    with file.open("r+b") as database:
        database.seek(8192)
        database.write(b"\xff" * 800)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_text("not a database " * 100),
        lambda file: file.write_bytes(file.read_bytes()[:-5000]),
        _overwrite_a_page,
    ],
    ids=["other contents", "truncated", "one page"],
)
def test_a_damaged_file_is_told_at_once(file: Path, damage: Callable[[Path], None]) -> None:
    damage(file)
    with pytest.raises(UserError, match="metadata.sqlite is damaged") as caught:
        open_store(_config(file))
    assert "Do not delete it" in str(caught.value.hint)
    assert "backup" in str(caught.value.hint) and ".recover" in str(caught.value.hint)


@contextmanager
def _held_by_another_process(file: Path) -> Iterator[None]:
    code = f"""
import sqlite3
database = sqlite3.connect({str(file)!r})
database.execute("BEGIN EXCLUSIVE")
print(flush=True)
input()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        yield
        process.communicate("\n")


def test_a_locked_file_is_not_called_damaged(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_TIMEOUT_SECONDS", 0.1)
    told = pytest.raises(UserError, match="is locked by another program")
    with _held_by_another_process(file), told as caught:
        open_store(_config(file), timeout_seconds=0)
    assert "fuser" in str(caught.value.hint) and "Do not delete it" in str(caught.value.hint)
    assert _count_models(file) == 300


def test_a_file_of_a_newer_release(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE MLMDEnv SET schema_version = 11")
    with pytest.raises(UserError, match="was written by a newer release of ML Metadata"):
        open_store(_config(file), timeout_seconds=0)


def test_a_file_of_an_older_release_is_copied_and_upgraded(file: Path) -> None:
    downgrade_schema(_config(file), 7)
    assert _count_models(file) == 300
    copy = file.with_name("metadata.sqlite.backup")
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT schema_version FROM MLMDEnv").fetchall() == [(7,)]


def test_a_backup_while_another_process_writes(file: Path, tmp_path: Path) -> None:
    writer = f"""
import sqlite3
database = sqlite3.connect({str(file)!r}, timeout=30, isolation_level=None)
insert = "INSERT INTO Context (type_id, name) VALUES (1, ?)"
for name in range(10**6):
    database.execute("BEGIN IMMEDIATE")
    for copy in "ab":
        database.execute(insert, [f"{{name}}{{copy}}"])
    database.execute("COMMIT")
    if name == 10:
        print(flush=True)
"""
    command = [sys.executable, "-c", writer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in range(3):
            back_up(str(file), tmp_path / f"copy-{number}")
        process.kill()
    for number in range(3):
        assert _count_models(tmp_path / f"copy-{number}") == 300
        with sqlite3.connect(tmp_path / f"copy-{number}") as copy:
            [pairs] = copy.execute("SELECT COUNT(*) FROM Context").fetchone()
        assert pairs > 20 and pairs % 2 == 0, "whole transactions only"


def test_a_damaged_file_does_not_replace_a_good_backup(file: Path, tmp_path: Path) -> None:
    back_up(str(file), tmp_path / "copy")
    _overwrite_a_page(file)
    with pytest.raises(UserError, match="is damaged"):
        back_up(str(file), tmp_path / "copy")
    assert _count_models(tmp_path / "copy") == 300
    assert {path.name for path in tmp_path.iterdir()} == {"metadata.sqlite", "copy"}


def test_a_backup_where_nothing_can_be_written(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing/copy cannot be written: No such file or dir"):
        back_up(str(file), tmp_path / "missing" / "copy")
