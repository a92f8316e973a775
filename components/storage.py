"""Folders and files, on a disk or in an object store (`gs://`, `s3://`, ...).

Local paths go through `os`, which keeps file names that are not UTF-8 intact (TensorFlow's file
system refuses them); everything with a `://` goes through `tf.io.gfile`.
"""

import errno
import hashlib
import json
import os
import stat
from typing import Any, BinaryIO, NamedTuple

_HASH_CHUNK_BYTES = 1024**2
_SPECIAL_FILES = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


class Entry(NamedTuple):
    """One file or folder of a listing."""

    name: str
    path: str
    is_folder: bool


class FileFacts(NamedTuple):
    """What a file system knows of a file without reading it."""

    bytes: int
    mtime_ns: int


def is_remote(path: str) -> bool:
    """Whether `path` is a URL rather than a local path."""
    return "://" in path


def join(folder: str, name: str) -> str:
    """Joins a folder and a name in it, for both kinds of path."""
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(folder, name)


def list_folder(path: str) -> list[Entry]:
    """Lists a folder, links followed, sorted by name.

    Raises:
        OSError: If there is no such folder or it cannot be read.
    """
    entries = _list_remote(path) if is_remote(path) else _list_local(path)
    return sorted(entries, key=lambda entry: entry.name)


def _list_local(path: str) -> list[Entry]:
    with os.scandir(path) as scan:
        # Unlike `item.is_dir()`, `isdir` returns False for links that lead in circles.
        return [Entry(item.name, item.path, os.path.isdir(item.path)) for item in scan]


def _list_remote(path: str) -> list[Entry]:
    import tensorflow as tf

    try:
        names = [name.rstrip("/") for name in tf.io.gfile.listdir(path)]
    except tf.errors.OpError as error:
        raise _os_error(error) from error
    children = [(name, join(path, name)) for name in names]
    return [Entry(name, child, bool(tf.io.gfile.isdir(child))) for name, child in children]


def file_facts(path: str) -> FileFacts:
    """A file's size and time of its last change.

    Raises:
        OSError: If there is no such file (a link may lead nowhere), or it is not a regular one.
    """
    if not is_remote(path):
        status = os.stat(path)
        _check_regular(status)
        return FileFacts(status.st_size, status.st_mtime_ns)
    import tensorflow as tf

    try:
        remote = tf.io.gfile.stat(path)
    except tf.errors.OpError as error:
        raise _os_error(error) from error
    return FileFacts(remote.length, remote.mtime_nsec)


def _check_regular(status: os.stat_result) -> None:
    """Checks that this is a file whose reading ends.

    Raises:
        OSError: If it is a folder, or a pipe, socket or device: reading that may never end.
    """
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a regular file")
    kind = _SPECIAL_FILES.get(stat.S_IFMT(status.st_mode), "special file")
    raise OSError(f"is a {kind}, not a regular file")


def open_local(path: str) -> BinaryIO:
    """Opens a regular file on this machine.

    Raises:
        OSError: If there is none, it cannot be read, or it is not a regular file.
    """
    _check_regular(os.stat(path))  # Already opening a device can have an effect.
    # What has replaced it since may be a pipe, which only O_NONBLOCK opens without a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check_regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def open_file(path: str) -> Any:
    """Opens a file for reading bytes from start to end; the caller closes it.

    Raises:
        OSError: If it cannot be read, or is not a regular file.
    """
    if not is_remote(path):
        return open_local(path)
    import tensorflow as tf

    return tf.io.gfile.GFile(path, "rb")


def read_json(path: str) -> Any:
    """Reads a JSON file.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is not JSON.
    """
    return json.loads(read_bytes(path))


def read_bytes(path: str, offset: int = 0, length: int = -1) -> bytes:
    """Reads `length` bytes from `offset` on; -1 reads to the end.

    Raises:
        OSError: If the file cannot be read, or is not a regular one.
    """
    if not is_remote(path):
        with open_local(path) as file:
            file.seek(offset)
            return file.read(length)
    import tensorflow as tf

    try:
        with tf.io.gfile.GFile(path, "rb") as remote:
            remote.seek(offset)
            return bytes(remote.read(length))
    except tf.errors.OpError as error:
        raise _os_error(error) from error


def _os_error(error: Exception) -> OSError:
    """What a TensorFlow error is called among local files; some file systems give no message."""
    import tensorflow as tf

    kind = FileNotFoundError if isinstance(error, tf.errors.NotFoundError) else OSError
    return kind(getattr(error, "message", "") or type(error).__name__)


def hash_file(path: str) -> str:
    """Computes the sha256 of a file, in hex, without reading it into memory at once.

    Raises:
        OSError: If the file cannot be read.
    """
    digest = hashlib.sha256()
    size = file_facts(path).bytes
    for offset in range(0, size, _HASH_CHUNK_BYTES):
        digest.update(read_bytes(path, offset, _HASH_CHUNK_BYTES))
    return digest.hexdigest()
