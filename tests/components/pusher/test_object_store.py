"""Versions without renames, tested with TensorFlow's own file system for `file://`.

Its `ram://` does not work: it lists `assets.extra` among the files of `assets` (TensorFlow 2.16).
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components.errors import UserError
from components.pusher.files import file_sizes
from components.pusher.object_store import ObjectStore, check_address
from components.pusher.rollback import roll_back
from components.pusher.version import find_damage
from components.pusher.versions import WithdrawnError, list_versions, newest_version
from tests.fakes.models.named_model import push

gfile = tf.io.gfile


@pytest.fixture
def bucket(tmp_path: Path) -> str:
    return f"file://{tmp_path}/serving/pets"


def test_version_is_complete(bucket: str, model: Path) -> None:
    assert newest_version(bucket) is None
    version = push(bucket, model, "m/1", extras={"labels.txt": b"cat\n"}, run_id="run-1")
    assert version.address == f"{bucket}/{version.number}"
    assert find_damage(version) is None
    assert gfile.GFile(f"{version.address}/assets.extra/labels.txt", "rb").read() == b"cat\n"
    assert newest_version(bucket) == version
    assert set(gfile.listdir(version.address)) == {
        "saved_model.pb", "variables", "assets", "assets.extra",
    }  # fmt: skip
    assert push(bucket, model, "m/1") == version


def test_saved_model_pb_comes_last(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = push(bucket, model, "m/1")
    seen = []
    copy = gfile.copy

    def look_and_copy(source: str, target: str, overwrite: bool = False) -> None:
        if target.endswith("saved_model.pb"):
            seen.append(newest_version(bucket))
            folder = target.rpartition("/")[0]
            assert gfile.exists(f"{folder}/variables/variables.index")
            assert gfile.exists(f"{folder}/assets.extra/origin.json")
        copy(source, target, overwrite)

    monkeypatch.setattr(gfile, "copy", look_and_copy)
    second = push(bucket, model, "m/2")
    assert seen == [first]
    assert newest_version(bucket) == second


@pytest.mark.parametrize("file", ["variables/variables.index", "origin.json", "saved_model.pb"])
def test_failed_write_leaves_the_version_in_service(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    first = push(bucket, model, "m/1")
    copy = gfile.copy

    def fail(source: str, target: str, overwrite: bool = False) -> None:
        if target.endswith(file):
            raise tf.errors.ResourceExhaustedError(None, None, "quota exceeded")
        copy(source, target, overwrite)

    monkeypatch.setattr(gfile, "copy", fail)
    with pytest.raises(OSError, match="quota exceeded"):
        push(bucket, model, "m/2")
    assert [version.number for version in list_versions(bucket)] == [first.number]


def test_incomplete_copy_is_not_a_version(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = gfile.copy

    def skip_one(source: str, target: str, overwrite: bool = False) -> None:
        if not target.endswith("variables.index"):
            copy(source, target, overwrite)

    monkeypatch.setattr(gfile, "copy", skip_one)
    with pytest.raises(OSError, match="has 0 of 2500 bytes after it was written"):
        push(bucket, model, "m/1")
    assert newest_version(bucket) is None


def test_dead_writers_folder_is_ignored_and_removed_after_a_day(bucket: str, model: Path) -> None:
    gfile.makedirs(f"{bucket}/2/assets.extra")  # half removed
    gfile.GFile(f"{bucket}/2/assets.extra/origin.json", "w").write("{}")
    gfile.makedirs(f"{bucket}/3")  # not ours
    for number in (1, 99999999999):
        gfile.makedirs(f"{bucket}/{number}/variables")
        gfile.GFile(f"{bucket}/.writing-{number}-0123", "w").write("0123")
    assert newest_version(bucket) is None
    version = push(bucket, model, "m/1")
    assert version.number == 100000000000
    # The writer of the second to last may be alive.
    assert set(gfile.listdir(bucket)) == {
        "3", "99999999999", ".writing-99999999999-0123", "100000000000",
    }  # fmt: skip


def test_version_that_is_being_written_is_not_removed(bucket: str, model: Path) -> None:
    number = int(time.time()) - 3600  # a slow writer, started an hour ago
    gfile.makedirs(f"{bucket}/{number}/assets.extra")
    gfile.GFile(f"{bucket}/{number}/assets.extra/origin.json", "w").write("{}")
    gfile.GFile(f"{bucket}/.writing-{number}-0123", "w").write("0123")
    version = push(bucket, model, "m/1")
    assert set(gfile.listdir(bucket)) == {
        str(number), f".writing-{number}-0123", str(version.number),
    }  # fmt: skip
    assert gfile.exists(f"{bucket}/{number}/assets.extra/origin.json")


def test_interrupted_removal_is_found_by_its_marker_file(bucket: str, model: Path) -> None:
    kept = ObjectStore(bucket).write(5, str(model), {})
    gfile.makedirs(f"{bucket}/3/variables")  # its origin.json and its saved_model.pb are removed
    for number in (2, 3, 5):  # 2 is removed completely, 5 not at all
        gfile.GFile(f"{bucket}/.removing-{number}", "w").write(str(number))
    version = push(bucket, model, "m/1")
    assert set(gfile.listdir(bucket)) == {str(kept), ".removing-5", str(version.number)}
    ObjectStore(bucket).remove("5")
    assert gfile.listdir(bucket) == [str(version.number)]


def test_concurrent_removals_do_not_fail(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rmtree = ObjectStore(bucket), gfile.rmtree
    store.write(5, str(model), {})

    def remove_twice(path: str) -> None:
        rmtree(path)
        rmtree(path)  # another process was faster

    monkeypatch.setattr(gfile, "rmtree", remove_twice)
    store.remove("5")
    assert store.names() == [".removing-5"]
    with store.writing():
        assert store.names() == []


@pytest.mark.parametrize("left", ["2/assets.extra/origin.json", ".writing-2-0123"])
def test_leftovers_that_cannot_be_removed_do_not_fail_a_push(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    gfile.makedirs(f"{bucket}/2/assets.extra")
    gfile.GFile(f"{bucket}/{left}", "w").write("{}")

    def fail(path: str) -> None:
        raise tf.errors.PermissionDeniedError(None, None, "may not delete")

    # Not even the writer's own claim can be removed when its version is in service.
    monkeypatch.setattr(gfile, "rmtree", fail)
    monkeypatch.setattr(gfile, "remove", fail)
    version = push(bucket, model, "m/1")
    assert newest_version(bucket) == version
    assert gfile.exists(f"{bucket}/{left}")


def test_old_version_that_cannot_be_removed_does_not_fail_a_push(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = push(bucket, model, "m/1")

    def fail(path: str) -> None:
        raise tf.errors.PermissionDeniedError(None, None, "may not delete")

    monkeypatch.setattr(gfile, "rmtree", fail)
    with caplog.at_level("INFO", "image_pipeline.progress"):
        version = push(bucket, model, "m/2", keep=1)
    assert newest_version(bucket) == version
    assert f"old version {first.number} could not be removed: may not delete" in caplog.text


def test_version_whose_last_write_failed_is_removed_saved_model_first(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, rmtree = gfile.copy, gfile.rmtree

    def lose_connection(source: str, target: str, overwrite: bool = False) -> None:
        copy(source, target, overwrite)
        if target.endswith("saved_model.pb"):
            raise tf.errors.UnavailableError(None, None, "no answer")

    def look_and_remove(path: str) -> None:
        assert not gfile.exists(f"{path}/saved_model.pb"), "no server may load half a version"
        rmtree(path)

    monkeypatch.setattr(gfile, "copy", lose_connection)
    monkeypatch.setattr(gfile, "rmtree", look_and_remove)
    with pytest.raises(OSError, match="no answer"):
        push(bucket, model, "m/1")
    assert gfile.listdir(bucket) == []


def test_number_claimed_by_another_writer_is_not_used(bucket: str, model: Path) -> None:
    gfile.makedirs(bucket)
    gfile.GFile(f"{bucket}/.writing-77-0123", "w").write("0123")
    assert ObjectStore(bucket).write(77, str(model), {}) > 77
    assert "77" not in gfile.listdir(bucket)


def test_newest_versions_are_kept(bucket: str, model: Path) -> None:
    numbers = [push(bucket, model, f"m/{i}", keep=2).number for i in range(4)]
    assert [version.number for version in list_versions(bucket)] == numbers[:1:-1]


def test_rollback(bucket: str, model: Path) -> None:
    first = push(bucket, model, "m/1")
    push(bucket, model, "m/2")
    done = roll_back(bucket)
    assert (done.source.number, done.version.origin) == (first.number, "m/1")
    assert find_damage(done.version) is None
    with pytest.raises(WithdrawnError):
        push(bucket, model, "m/2")


def test_concurrent_writers_get_different_numbers(bucket: str, model: Path) -> None:
    gfile.makedirs(bucket)
    threads = [threading.Thread(target=push, args=(bucket, model, f"m/{i}")) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = list_versions(bucket)
    assert len(versions) == 6
    assert [find_damage(version) for version in versions] == [None] * 6


class _Killed(BaseException):
    """Replaces SIGKILL: nothing is cleaned up after it."""


def test_a_write_killed_at_any_step_leaves_no_half_version(
    bucket: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(bucket, model, "m/0", keep=2)
    kept = push(bucket, model, "m/1", keep=2)
    originals = {name: getattr(gfile, name) for name in ("copy", "remove", "makedirs")}
    rmtree = gfile.rmtree

    def remove_one_by_one(folder: str) -> None:
        for name in sorted(file_sizes(folder)):  # assets.extra/origin.json among the first
            gfile.remove(f"{folder}/{name}")
        rmtree(folder)

    for last in range(1, 100):
        seen = 0

        def counted(name: str) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal seen
                seen += 1
                if seen >= last:  # noqa: B023 - called in this iteration only
                    raise _Killed
                return originals[name](*arguments, **options)

            return call

        with monkeypatch.context() as patch:
            for name in originals:
                patch.setattr(gfile, name, counted(name))
            patch.setattr(gfile, "rmtree", remove_one_by_one)
            try:
                push(bucket, model, f"m/{last + 1}", keep=2)
                was_killed = False
            except _Killed:
                was_killed = True
        newest = newest_version(bucket)
        assert newest is not None and newest.number >= kept.number
        assert find_damage(newest) is None
        if not was_killed:
            break
    assert not was_killed and last > 10
    # Leftovers of a killed writer are removed when it must be dead: a day later.
    monkeypatch.setattr("components.pusher.object_store._DEAD_AFTER_SECONDS", -(10**9))
    push(bucket, model, "m/last", keep=2)
    left = {str(version.number) for version in list_versions(bucket)}
    assert len(left) == 2 and set(gfile.listdir(bucket)) == left


def test_unknown_file_system_is_rejected() -> None:
    check_address("/data/serving")
    check_address("gs://bucket/serving")
    with pytest.raises(UserError) as caught:
        check_address("s4://bucket/serving")
    assert "push.folder: s4://bucket/serving cannot be written" in caught.value.message
    assert "gs://" in caught.value.message
    assert caught.value.hint is not None and "Mount the folder" in caught.value.hint
