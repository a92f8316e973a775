"""Versions appear whole or not at all, whatever happens to their writer."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.pusher.files import hash_model
from components.pusher.version import ModelId, Version
from components.pusher.versions import (
    WithdrawnError,
    add_version,
    list_versions,
    newest_version,
    was_pushed_last,
)
from tests.fakes.models.named_model import push
from tests.fakes.processes.killed_writer import KilledWriter

EXTRAS = {"model_card.json": b"{}", "labels.txt": b"cat\n", "tf_serving_warmup_requests": b"abc"}


def _versions(folder: Path) -> list[int]:
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal())


def _is_whole(version: Path, model: Path) -> bool:
    """Whether a version has its model's files and all files that its origin lists."""
    files = json.loads((version / "assets.extra/origin.json").read_text())["files"]
    return all((version / name).stat().st_size == size for name, size in files.items()) and all(
        (version / file.relative_to(model)).read_bytes() == file.read_bytes()
        for file in model.rglob("*")
        if file.is_file()
    )


def test_version_has_the_model_and_its_origin(tmp_path: Path, model: Path) -> None:
    version = add_version(
        tmp_path / "serving", model, "model/1", extras=EXTRAS, run_id="20261123T0600Z-5d30"
    )
    assert _is_whole(version.path, model)
    assert {file.name for file in (version.path / "assets.extra").iterdir()} == {
        *EXTRAS,
        "origin.json",
    }
    assert version.origin == "model/1"
    assert version.details is not None
    assert version.details.run_id == "20261123T0600Z-5d30"
    assert version.details.copy_of is None
    assert newest_version(tmp_path / "serving") == version


def test_empty_folder_has_no_version_in_service(tmp_path: Path) -> None:
    assert newest_version(tmp_path / "serving") is None
    assert list_versions(tmp_path / "serving") == []


def test_numbers_grow_even_if_the_clock_goes_back(tmp_path: Path, model: Path) -> None:
    (tmp_path / "serving" / "99999999999").mkdir(parents=True)
    assert add_version(tmp_path / "serving", model, "model/1").number == 100000000000


def test_a_number_too_large_for_a_server_is_no_version(tmp_path: Path, model: Path) -> None:
    (tmp_path / "serving" / "99999999999999999999").mkdir(parents=True)
    assert add_version(tmp_path / "serving", model, "model/1").number < 2**63


def test_model_in_service_is_not_pushed_twice(tmp_path: Path, model: Path) -> None:
    first = push(tmp_path / "serving", model, "model/1")
    assert push(tmp_path / "serving", model, "model/1") == first
    assert _versions(tmp_path / "serving") == [first.number]


def test_an_earlier_model_pushed_again_is_a_new_version(tmp_path: Path, model: Path) -> None:
    numbers = [push(tmp_path / "s", model, uri).number for uri in ("m/1", "m/2", "m/1")]
    assert numbers == sorted(set(numbers))


def test_other_names_and_damaged_versions_are_not_in_service(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "serving"
    good = push(folder, model, "model/1")
    (folder / "notes").mkdir()
    (folder / "99999999999").mkdir()
    (folder / "99999999998").write_text("a file")
    assert newest_version(folder) == good
    assert [(v.number, v.problem) for v in list_versions(folder)] == [
        (99999999999, "has no saved_model.pb, so that no server can load it"),
        (99999999998, "is not a folder"),
        (good.number, None),
    ]


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ("{", "assets.extra/origin.json is damaged"),
        ("[]", "it names no model"),
        ('{"model_uri": 3}', "it has values of the wrong type"),
        ('{"model_uri": "m", "files": {"a": "b"}}', "it has values of the wrong type"),
        ('{"model_uri": "m", "copy_of": "1"}', "it has values of the wrong type"),
    ],
)
def test_damaged_origin_is_reported(
    tmp_path: Path, model: Path, contents: str, problem: str
) -> None:
    version = push(tmp_path / "serving", model, "model/1")
    (version.path / "assets.extra" / "origin.json").write_text(contents)
    newest = newest_version(tmp_path / "serving")
    assert newest is not None and newest.origin is None, "servers load it anyway"
    assert problem in (newest.problem or "")


def test_newest_versions_are_kept(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "serving"
    numbers = [push(folder, model, f"m/{i}", keep=3).number for i in range(5)]
    assert _versions(folder) == numbers[-3:]
    assert push(folder, model, "m/4", keep=1).number == numbers[-1], "was in service"
    assert _versions(folder) == numbers[-1:]
    assert [entry.name for entry in folder.iterdir()] == [str(numbers[-1])]


def test_old_version_that_cannot_be_removed_does_not_fail_a_push(
    tmp_path: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "serving"
    first, second, third = (push(folder, model, f"m/{i}").number for i in range(3))
    rename = Path.rename

    def fail_on_second(path: Path, target: Path) -> Path:
        if path.name == str(second):
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(path, target)

    with monkeypatch.context() as patch, caplog.at_level("INFO", "image_pipeline.progress"):
        patch.setattr(Path, "rename", fail_on_second)
        fourth = push(folder, model, "m/3", keep=2)
    assert newest_version(folder) == fourth
    assert _versions(folder) == [second, third, fourth.number], "the others are removed"
    assert (
        f"Pusher: old version {second} could not be removed: Device or resource busy. "
        "The model is released; the next push tries again"
    ) in caplog.text
    push(folder, model, "m/3", keep=2)
    assert _versions(folder) == [third, fourth.number]


def test_folder_that_cannot_be_listed_does_not_fail_a_push(
    tmp_path: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: object) -> list[Version]:
        raise OSError("connection lost")

    monkeypatch.setattr("components.pusher.versions.list_versions", fail)
    with caplog.at_level("INFO", "image_pipeline.progress"):
        version = push(tmp_path / "serving", model, "m/1", keep=2)
    assert newest_version(tmp_path / "serving") == version
    assert "old versions could not be listed: connection lost" in caplog.text


def test_versions_of_other_tools_are_neither_counted_nor_removed(
    tmp_path: Path, model: Path
) -> None:
    folder = tmp_path / "serving"
    for foreign in ("1", "007"):
        shutil.copytree(model, folder / foreign)
    numbers = [push(folder, model, f"m/{i}", keep=2).number for i in range(3)]
    assert _versions(folder) == [1, 7, *numbers[-2:]]


def test_was_pushed_last(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "serving"
    assert not was_pushed_last(folder, ModelId(None))
    add_version(folder, model, "m/1")
    assert was_pushed_last(folder, ModelId("m/1", hash_model(str(model))))
    assert was_pushed_last(folder, ModelId("moved/m/1", hash_model(str(model))))
    assert not was_pushed_last(folder, ModelId("m/1", "another model's"))
    assert was_pushed_last(folder, ModelId("m/1")), "its files were deleted"
    assert not was_pushed_last(folder, ModelId("m/2"))


def test_another_model_with_the_uri_of_the_one_in_service_is_pushed(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    # As after a new start of the metadata, where executions are counted from 1 again.
    old = add_version(tmp_path / "serving", make_model("old"), "Trainer/model/6")
    new = add_version(tmp_path / "serving", make_model("new"), "Trainer/model/6")
    assert new.number > old.number
    assert _is_whole(new.path, make_model("new"))


def test_the_model_in_service_is_not_pushed_from_elsewhere(tmp_path: Path, model: Path) -> None:
    # As in a workspace that was moved.
    first = add_version(tmp_path / "serving", model, "before/Trainer/model/6")
    assert add_version(tmp_path / "serving", model, "after/Trainer/model/6") == first


def test_version_of_an_older_release_is_known_by_its_files(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    old = add_version(tmp_path / "serving", make_model("old"), "m/6", extras=EXTRAS)
    _forget_digest(old)
    assert add_version(tmp_path / "serving", make_model("old"), "m/7").number == old.number
    assert add_version(tmp_path / "serving", make_model("new"), "m/6").number > old.number


def _forget_digest(version: Version) -> None:
    file = version.path / "assets.extra" / "origin.json"
    origin = json.loads(file.read_text())
    del origin["digest"], origin["withdrawn_digests"]
    file.write_text(json.dumps(origin))


def test_withdrawn_error_survives_pickling(tmp_path: Path, model: Path) -> None:
    import pickle

    error = WithdrawnError(add_version(tmp_path / "serving", model, "m/1"))
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.in_service) == (error.message, error.in_service)


def test_a_push_killed_at_any_step_leaves_no_half_version(
    tmp_path: Path, model: Path, killed_writer: KilledWriter
) -> None:
    folder = tmp_path / "serving"
    arguments = f"extras={EXTRAS!r}, keep=2"
    first, second = (push(folder, model, f"model/{i}", extras=EXTRAS) for i in (1, 2))
    statement = f"add_version({str(folder)!r}, {str(model)!r}, 'model/3', {arguments})"
    for operation in range(1, 300):
        was_killed = killed_writer.run(statement, folder, operation)
        assert all(_is_whole(folder / str(number), model) for number in _versions(folder))
        assert second.number in _versions(folder)
        # The next run completes the push and removes the leftovers.
        third = add_version(folder, model, "model/3", extras=EXTRAS, keep=2)
        assert newest_version(folder) == third
        assert {entry.name for entry in folder.iterdir()} == {
            str(second.number),
            str(third.number),
        }
        if not was_killed:
            break
        third.path.rename(tmp_path / f"third-{operation}")
        shutil.copytree(tmp_path / f"third-{operation}", folder / str(first.number))
    assert not was_killed
    assert operation > 40


def test_a_first_push_killed_at_any_step(
    tmp_path: Path, model: Path, killed_writer: KilledWriter
) -> None:
    statement = "add_version({!r}, {!r}, 'model/1')"
    for operation in range(1, 100):
        folder = tmp_path / str(operation) / "deep" / "serving"
        was_killed = killed_writer.run(
            statement.format(str(folder), str(model)), tmp_path / str(operation), operation
        )
        assert not folder.exists() or all(
            _is_whole(folder / str(n), model) for n in _versions(folder)
        )
        if not was_killed:
            break
        add_version(folder, model, "model/1")
        assert len(list(folder.iterdir())) == 1
    assert not was_killed
    assert operation > 20


@pytest.mark.parametrize(
    "patched", ["shutil.copyfile", "components.pusher.local_folder._flush", "pathlib.Path.rename"]
)
def test_failed_write_leaves_the_version_in_service(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, patched: str
) -> None:
    folder = tmp_path / "serving"
    first = push(folder, model, "model/1")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(patched, fail)
    with pytest.raises(OSError, match="No space left"):
        push(folder, model, "model/2")
    assert [entry.name for entry in folder.iterdir()] == [str(first.number)]


def test_folder_that_cannot_be_locked_uses_a_lock_file(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As NFS does, which locks only what is open for writing.
    flock = fcntl.flock

    def nfs_flock(descriptor: int, operation: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EBADF, "Bad file descriptor")
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", nfs_flock)
    first = add_version(tmp_path / "serving", model, "model/1")
    assert {entry.name for entry in first.path.parent.iterdir()} == {".lock", str(first.number)}


def test_volume_that_cannot_flush_folders(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync: Callable[[int], None] = os.fsync

    def fsync_of_files(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync_of_files)
    assert _is_whole(add_version(tmp_path / "serving", model, "model/1").path, model)
