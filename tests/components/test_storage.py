"""Local folders and object stores, the latter on TensorFlow's file system in memory."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from components import storage


@pytest.fixture(params=["local", "remote"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    folder = str(tmp_path) if request.param == "local" else f"ram://{tmp_path.name}"
    tf.io.gfile.makedirs(storage.join(folder, "b"))
    for name in ("a.png", "b/c.png"):
        with tf.io.gfile.GFile(storage.join(folder, name), "wb") as file:
            file.write(b"0123456789")
    return folder


def test_lists_by_name(root: str) -> None:
    assert [(e.name, e.is_folder) for e in storage.list_folder(root)] == [
        ("a.png", False),
        ("b", True),
    ]
    [child] = storage.list_folder(storage.join(root, "b"))
    assert child.path == storage.join(root, "b/c.png")


def test_reads_whole_files_and_parts(root: str) -> None:
    path = storage.join(root, "a.png")
    assert storage.file_facts(path).bytes == 10
    assert storage.read_bytes(path) == b"0123456789"
    assert storage.read_bytes(path, 3, 4) == b"3456"
    assert storage.hash_file(path).startswith("84d89877f0d4041e")


def test_what_is_not_there_is_an_os_error(root: str) -> None:
    gone = storage.join(root, "gone")
    with pytest.raises(OSError, match=r"."):
        storage.read_bytes(gone)
    with pytest.raises(OSError, match=r"."):
        storage.file_facts(gone)
    with pytest.raises(OSError, match=r"."):
        storage.list_folder(gone)


@pytest.fixture
def special_files(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Files that are not regular, by what they are."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        (tmp_path / "link").symlink_to("pipe")
        yield {
            "named pipe": str(tmp_path / "pipe"),
            "socket": str(tmp_path / "socket"),
            "device": "/dev/zero",
            "named pipe,": str(tmp_path / "link"),
        }


def test_nothing_waits_for_a_pipe_or_reads_a_device(special_files: dict[str, str]) -> None:
    for kind, path in special_files.items():
        for read in (storage.read_bytes, storage.file_facts, storage.hash_file):
            with pytest.raises(OSError, match=f"is a {kind}"):
                read(path)


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        storage.read_bytes(str(tmp_path))
