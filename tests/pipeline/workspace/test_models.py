"""`models`: the versions in a terminal, in a pipe and as JSON."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from components.pusher.rollback import roll_back
from components.pusher.version import Version
from components.pusher.versions import add_version
from pipeline.workspace.models import show_models
from pipeline.workspace.registry import choose_model, find_models
from tests.repository import REPOSITORY


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def push(folder: Path, name: str, accuracy: float | None = 0.96) -> Version:
    saved_model = folder.parent.parent / f"saved-{name}"
    saved_model.mkdir(parents=True, exist_ok=True)
    (saved_model / "saved_model.pb").write_text(name)
    card = {"test": {"test_accuracy": accuracy, "test_examples": 2000}}
    extras = {"model_card.json": json.dumps(card).encode()} if accuracy else {}
    return add_version(folder, saved_model, name, extras=extras, run_id=f"run-{name}")


def write_run(workspace: Path, run_id: str, **config: Any) -> None:
    (workspace / "runs" / run_id).mkdir(parents=True)
    (workspace / "runs" / run_id / "config.json").write_text(json.dumps(config))


def rows(workspace: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    show_models(workspace, None, as_json=True)
    return json.loads(capsys.readouterr().out)


def test_versions_newest_first(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (push(workspace / "serving" / "pets", name) for name in "ab")
    found = rows(workspace, capsys)
    assert [row["version"] for row in found] == [second.number, first.number]
    assert [row["state"] for row in found] == ["in service", ""]
    assert found[0]["test_accuracy"] == 0.96
    assert found[0]["test_examples"] == 2000
    assert found[0]["run_id"] == "run-b"
    assert found[0]["pushed"].startswith("20")
    assert found[0]["path"] == second.address
    assert found[0]["model"] == "pets"


def test_rollback_shows(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = (push(workspace / "serving" / "pets", name) for name in "ab")
    roll_back(workspace / "serving" / "pets")
    found = rows(workspace, capsys)
    assert [row["state"] for row in found] == ["in service", "withdrawn", ""]
    assert [row["copy_of"] for row in found] == [first.number, None, None]
    assert found[0]["note"] == f"copy of {first.number}"


def test_foreign_and_damaged_folders_are_lines_with_a_reason(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace / "serving" / "pets"
    bad = [push(folder, name) for name in "abcde"]
    (bad[0].path / "saved_model.pb").unlink()
    (bad[1].path / "saved_model.pb").write_text("half")
    (bad[2].path / "assets.extra" / "origin.json").write_text("{")
    (bad[3].path / "assets.extra" / "origin.json").unlink()
    # Of the same length.
    size = (bad[4].path / "assets.extra" / "model_card.json").stat().st_size
    (bad[4].path / "assets.extra" / "model_card.json").write_text("x" * size)
    plain = push(folder, "f", accuracy=None)
    (folder / "notes.txt").write_text("not a version")
    found = {row["version"]: row for row in rows(workspace, capsys)}
    notes = [found[version.number]["note"] for version in bad]
    assert notes[0] == "has no saved_model.pb, so that no server can load it"
    assert notes[1] == "saved_model.pb has 4 bytes, and had 1 when it was pushed"
    assert notes[2].startswith("assets.extra/origin.json is damaged")
    assert notes[3] == "has no origin.json: not pushed by this pipeline"
    assert notes[4] == "model card is damaged"
    assert [found[version.number]["state"] for version in bad] == ["damaged"] * 3 + ["", ""]
    assert found[plain.number]["note"] == "has no model card"
    assert found[plain.number]["state"] == "in service"


def test_plain_lines_in_a_pipe(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = push(workspace / "serving" / "pets", "a", 0.9625)
    show_models(workspace, None, as_json=False)
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["model", "version", "state"]
    assert line.startswith(f"pets   {version.number}  released  0.963 on 2,000")
    assert line.endswith("run-a")


def test_table_on_a_terminal(workspace: Path) -> None:
    push(workspace / "serving" / "pets", "a")
    master, slave = pty.openpty()
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", "models", str(workspace)],
        cwd=REPOSITORY,
        stdout=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "NO_COLOR": ""},
        check=False,
    )
    os.close(slave)
    output = os.read(master, 65536).decode()
    os.close(master)
    assert result.returncode == 0
    assert "released" in output and "\x1b[" in output


def test_models_of_runs_and_of_the_serving_folder(workspace: Path, tmp_path: Path) -> None:
    write_run(workspace, "20260101T000000Z-0000", push={"model_name": "pets"})
    write_run(
        workspace,
        "20260102T000000Z-0000",
        push={"model_name": "pets", "folder": str(tmp_path / "elsewhere")},
        metadata={"path": str(tmp_path / "m.sqlite")},
    )
    write_run(workspace, "20260103T000000Z-0000", push="nonsense")
    (workspace / "runs" / "20260104T000000Z-0000").mkdir()
    (workspace / "serving" / "digits").mkdir(parents=True)
    found = find_models(workspace)
    assert sorted(found) == ["digits", "pets"]
    assert found["pets"].folder == str(tmp_path / "elsewhere")
    assert found["pets"].metadata == tmp_path / "m.sqlite"
    assert found["digits"].folder == str(workspace / "serving" / "digits")
    assert found["digits"].metadata == workspace / "metadata.sqlite"


def test_a_folder_without_a_version_yields_to_an_older_runs(
    workspace: Path, tmp_path: Path
) -> None:
    new, old = tmp_path / "new" / "pets", tmp_path / "old" / "pets"
    write_run(workspace, "20260101T000000Z-0000", push={"model_name": "pets"})
    write_run(workspace, "20260102T000000Z-0000", push={"model_name": "pets", "folder": str(old)})
    write_run(workspace, "20260103T000000Z-0000", push={"model_name": "pets", "folder": str(new)})
    # The newest run was refused, and nothing was ever pushed.
    assert find_models(workspace)["pets"].folder == str(new)
    push(workspace / "serving" / "pets", "a")
    assert find_models(workspace)["pets"].folder == str(workspace / "serving" / "pets")
    push(old, "b")
    assert find_models(workspace)["pets"].folder == str(old)
    push(new, "c")
    assert find_models(workspace)["pets"].folder == str(new)


@pytest.mark.parametrize("folder", ["/" + 300 * "x", "nowhere://pets"])
def test_a_folder_that_cannot_be_read_is_not_empty(workspace: Path, folder: str) -> None:
    write_run(workspace, "20260102T000000Z-0000", push={"model_name": "pets", "folder": folder})
    push(workspace / "serving" / "pets", "a")
    assert find_models(workspace)["pets"].folder == folder
    # An older folder that cannot be read is not known to contain a version.
    new = workspace / "new" / "pets"
    write_run(workspace, "20260103T000000Z-0000", push={"model_name": "pets", "folder": str(new)})
    assert find_models(workspace)["pets"].folder == str(workspace / "serving" / "pets")


def test_a_model_without_versions_does_not_make_the_choice_ambiguous(workspace: Path) -> None:
    push(workspace / "serving" / "pets", "a")
    write_run(workspace, "20260102T000000Z-0000", push={"model_name": "cars"})
    assert choose_model(workspace, None).name == "pets"
    assert choose_model(workspace, "cars").name == "cars"


def test_one_of_several_models_must_be_named(workspace: Path) -> None:
    workspace.mkdir()
    with pytest.raises(UserError, match="has no model"):
        choose_model(workspace, None)
    for name in ("cats", "dogs"):
        (workspace / "serving" / name).mkdir(parents=True)
    with pytest.raises(UserError, match="has 2 models: cats, dogs"):
        choose_model(workspace, None)
    with pytest.raises(UserError, match="has no model emus; it has cats, dogs"):
        choose_model(workspace, "emus")
    assert choose_model(workspace, "dogs").name == "dogs"


def test_nothing_was_pushed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "serving" / "pets").mkdir(parents=True)
    with pytest.raises(UserError, match="no version of any model has been pushed"):
        show_models(workspace, None, as_json=False)
    assert rows(workspace, capsys) == []


def test_a_remote_folder_is_read(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"file://{tmp_path}/bucket/pets"
    write_run(workspace, "20260101T000000Z-0000", push={"model_name": "pets", "folder": address})
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_text("a")
    version = add_version(address, tmp_path / "saved", "a")
    [row] = rows(workspace, capsys)
    assert (row["version"], row["state"]) == (version.number, "in service")
    assert row["path"] == f"{address}/{version.number}"


def test_wrong_usage(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "models", str(tmp_path / "nowhere")]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "does not exist" in result.stderr


def test_local_folders_need_no_tensorflow() -> None:
    code = (
        "import sys, pipeline.workspace.models, pipeline.workspace.rollback;"
        "print([m for m in ('tensorflow', 'tfx', 'keras', 'numpy') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
