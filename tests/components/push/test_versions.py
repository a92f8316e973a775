"""Versions appear whole or not at all, whatever happens to who writes them."""

import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from components.push.versions import add_version, newest_version

REPOSITORY = Path(__file__).parents[3]

# Dies by SIGKILL at the N-th audited operation (open, mkdir, rename, rmdir, ...) under the folder.
KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from components.push.versions import add_version

folder, model, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
seen = 0

def die_at_last(event, arguments):
    global seen
    touches = any(str(folder) in str(argument) for argument in arguments)
    if event.split(".")[0] in ("open", "os", "shutil") and touches:
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die_at_last)
add_version(folder, model, "model/2")
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Files as a SavedModel has them."""
    folder = tmp_path / "model"
    for name in ("saved_model.pb", "variables/variables.index", "assets/labels.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name * 100)
    return folder


def _versions(folder: Path) -> list[int]:
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal())


def _is_whole(version: Path, model: Path) -> bool:
    return all(
        (version / file.relative_to(model)).read_bytes() == file.read_bytes()
        for file in model.rglob("*")
        if file.is_file()
    )


def test_version_holds_the_model_and_where_it_came_from(tmp_path: Path, model: Path) -> None:
    version = add_version(tmp_path / "serving", model, "model/1")
    assert _is_whole(version.path, model)
    assert json.loads((version.path / "assets.extra/origin.json").read_text()) == {
        "model_uri": "model/1"
    }
    assert newest_version(tmp_path / "serving") == version


def test_nothing_in_service(tmp_path: Path) -> None:
    assert newest_version(tmp_path / "serving") is None


def test_versions_only_grow_even_if_the_clock_goes_back(tmp_path: Path, model: Path) -> None:
    (tmp_path / "serving" / "99999999999").mkdir(parents=True)
    assert add_version(tmp_path / "serving", model, "model/1").number == 100000000000


def test_model_in_service_is_not_pushed_twice(tmp_path: Path, model: Path) -> None:
    first = add_version(tmp_path / "serving", model, "model/1")
    assert add_version(tmp_path / "serving", model, "model/1") == first
    assert _versions(tmp_path / "serving") == [first.number]


def test_earlier_model_that_returns_is_a_new_version(tmp_path: Path, model: Path) -> None:
    numbers = [add_version(tmp_path / "s", model, uri).number for uri in ("m/1", "m/2", "m/1")]
    assert numbers == sorted(set(numbers))


def test_killed_anywhere_no_half_version_is_seen(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "serving"
    first = add_version(folder, model, "model/1")
    kills = 0
    for operation in range(1, 200):
        result = subprocess.run(
            [sys.executable, "-c", KILLED_WRITER, folder, model, str(operation)],
            cwd=REPOSITORY,
            check=False,
        )
        assert all(_is_whole(folder / str(number), model) for number in _versions(folder))
        # The next run finishes the job, and leaves nothing of the dead one.
        second = add_version(folder, model, "model/2")
        assert newest_version(folder) == second
        assert sorted(entry.name for entry in folder.iterdir()) == sorted(
            str(number) for number in (first.number, second.number)
        )
        shutil.rmtree(second.path)
        if result.returncode == 0:
            break
        assert result.returncode == -signal.SIGKILL
        kills += 1
    assert result.returncode == 0
    assert kills > 10


@pytest.mark.parametrize("patched", ["shutil.copyfile", "components.push.versions._flush"])
def test_full_disk_leaves_what_is_in_service(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, patched: str
) -> None:
    folder = tmp_path / "serving"
    first = add_version(folder, model, "model/1")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(patched, fail)
    with pytest.raises(OSError, match="No space left"):
        add_version(folder, model, "model/2")
    assert [entry.name for entry in folder.iterdir()] == [str(first.number)]
