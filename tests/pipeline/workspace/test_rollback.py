"""The command `rollback`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.pusher.version import Version
from components.pusher.versions import add_version, newest_version
from tests.fakes.processes.small_disk import run_on_small_disk
from tests.repository import REPOSITORY


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def push(workspace: Path, name: str, size: int = 10) -> Version:
    saved_model = workspace.parent / f"saved-{name}"
    saved_model.mkdir(parents=True, exist_ok=True)
    (saved_model / "saved_model.pb").write_bytes(name.encode() * size)
    return add_version(workspace / "serving" / "pets", saved_model, name, run_id=f"run-{name}")


def open_metadata(path: Path) -> metadata_store.MetadataStore:
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
    return metadata_store.MetadataStore(config)


def rollback(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", "rollback", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_rolls_back_and_records_it(workspace: Path) -> None:
    first, second = push(workspace, "a"), push(workspace, "b")
    store = open_metadata(workspace / "metadata.sqlite")
    result = rollback(workspace)
    assert (result.returncode, result.stderr) == (0, "")
    newest = newest_version(workspace / "serving" / "pets")
    assert newest is not None and newest.origin == "a"
    lines = result.stdout.splitlines()
    assert lines[0] == f"Rolled back: version {newest.number} of pets is released to model servers."
    assert lines[1].split() == ["a", "copy", "of", "version", f"{first.number},", "run", "run-a"]
    assert lines[2].split() == ["replaces", "version", str(second.number)]
    assert "does not push the withdrawn model again" in result.stdout
    [execution] = store.get_executions_by_type("Rollback")
    assert execution.properties["version"].int_value == newest.number


def test_metadata_elsewhere(workspace: Path, tmp_path: Path) -> None:
    push(workspace, "a"), push(workspace, "b")
    store = open_metadata(tmp_path / "elsewhere.sqlite")
    run = workspace / "runs" / "20260101T000000Z-0000"
    run.mkdir(parents=True)
    config = {
        "push": {"model_name": "pets", "folder": None},
        "metadata": {"path": str(tmp_path / "elsewhere.sqlite")},
    }
    (run / "config.json").write_text(json.dumps(config))
    assert rollback(workspace).stderr == ""
    assert len(store.get_executions_by_type("Rollback")) == 1


def test_without_metadata_it_rolls_back_with_a_warning(workspace: Path) -> None:
    first, _ = push(workspace, "a"), push(workspace, "b")
    result = rollback(workspace, "--to", first.number, "--model", "pets")
    assert result.returncode == 0
    assert "not recorded in the lineage: there is no metadata at" in result.stderr
    assert not (workspace / "metadata.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "5"], "there is no version 5"),
        (["--model", "emus"], "has no model emus; it has pets"),
        ([], "there is no version before"),
    ],
)
def test_usage_errors(workspace: Path, arguments: list[str], message: str) -> None:
    version = push(workspace, "a")
    result = rollback(workspace, *arguments)
    assert result.returncode == 1
    assert message in result.stderr and "Traceback" not in result.stderr
    assert newest_version(workspace / "serving" / "pets") == version


def test_does_not_need_the_run_lock(workspace: Path) -> None:
    from pipeline.run.lock import lock_workspace

    push(workspace, "a"), push(workspace, "b")
    with lock_workspace(workspace):
        assert rollback(workspace).returncode == 0


def test_a_full_disk_leaves_the_version_in_service(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    script = """
import sys
from pathlib import Path
from click.testing import CliRunner
from components.pusher.versions import add_version, list_versions
from pipeline.cli.rollback import rollback
disk = Path(sys.argv[1])
for name in "ab":
    (disk.parent / name).mkdir()
    (disk.parent / name / "saved_model.pb").write_bytes(name.encode() * 120_000)
    add_version(disk / "serving" / "pets", disk.parent / name, name)
result = CliRunner().invoke(rollback, [str(disk)])
print(result.exit_code, result.output)
print([version.origin for version in list_versions(disk / "serving" / "pets")])
"""
    result = run_on_small_disk(disk, "300k", [sys.executable, "-c", script, disk])
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1 Error: the version could not be written to")
    assert "No space left on device" in result.stdout
    assert "the released version has not changed" in result.stdout
    assert result.stdout.endswith("['b', 'a']\n")
