"""The page and its charts are written completely, or not at all."""

from pathlib import Path

import pytest

from components.artifacts import PAGE_FILE
from components.report.page_files import ReportError, write_folder

FILES = {PAGE_FILE: b"<!doctype html>", "a.png": b"png" * 1000, "z.png": b"png"}


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    write_folder(str(tmp_path), FILES)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == FILES


@pytest.mark.parametrize("file", FILES)
def test_a_full_disk_leaves_no_files_and_is_reported(tmp_path: Path, file: str) -> None:
    # On Linux every write to /dev/full fails as on a full disk.
    (tmp_path / f"{file}.partial").symlink_to("/dev/full")
    with pytest.raises(ReportError) as caught:
        write_folder(str(tmp_path), FILES)
    assert caught.value.message == (
        f"the report could not be written to {tmp_path}: No space left on device."
    )
    assert caught.value.hint is not None and "run again" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="No such file or directory"):
        write_folder(str(tmp_path / "gone"), FILES)


def test_object_stores_get_the_page_last() -> None:
    import tensorflow as tf

    write_folder("ram://report", FILES)
    written = {path: tf.io.gfile.GFile(f"ram://report/{path}", "rb").read() for path in FILES}
    assert written == FILES
