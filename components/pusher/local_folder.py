"""Versions on a disk or a mounted volume: written aside, flushed, then renamed."""

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.pusher.files import copy_to_disk

_PARTIAL_PREFIX = ".partial-"
_LOCK_FILE = ".lock"


class LocalFolder:
    """A folder of versions on a local path."""

    def __init__(self, address: str) -> None:
        self._path = Path(address)

    def names(self) -> list[str]:
        """Names of everything in it, unordered; empty if it does not exist.

        Raises:
            OSError: It cannot be read.
        """
        return os.listdir(self._path) if self._path.is_dir() else []

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Admits one writer at a time; the lock is released when its process ends.

        Leftovers of a dead writer are removed.

        Raises:
            OSError: It cannot be written, or its file system has no locks.
        """
        _make_folder(self._path)
        descriptor = _lock(self._path)
        try:
            for partial in self._path.glob(f"{_PARTIAL_PREFIX}*"):
                _delete(partial)
            yield
        finally:
            os.close(descriptor)

    def write(self, number: int, source: str, files: Mapping[str, bytes]) -> int:
        """Adds a version: a reader sees all of it or nothing, whenever the writer dies.

        `source`, local or remote, is copied; `files` replace those of the same name. Returns the
        number.

        Raises:
            OSError: The disk is full or the folder not writable; no version has changed.
        """
        with self._aside(str(number)) as partial:
            copy_to_disk(source, partial)
            for name, contents in files.items():
                path = partial / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(contents)
            _flush(partial)
            partial.rename(self._path / str(number))
            _flush_folder(self._path)
        return number

    def remove(self, name: str) -> None:
        """Removes a version at once: readers see all of it or nothing.

        Raises:
            OSError: It cannot be renamed.
        """
        with self._aside(name) as partial:
            (self._path / name).rename(partial)
            _flush_folder(self._path)

    @contextlib.contextmanager
    def _aside(self, name: str) -> Iterator[Path]:
        """A path that is deleted on exit unless it was renamed.

        Its name is partly random, so that a leftover that could not be removed is not in the way.
        """
        partial = self._path / f"{_PARTIAL_PREFIX}{name}-{secrets.token_hex(4)}"
        try:
            yield partial
        finally:
            _delete(partial)


def _make_folder(folder: Path) -> None:
    """Creates a folder and its parents, each flushed to disk before the next."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _lock(folder: Path) -> int:
    """Waits for the folder's lock; closing the descriptor releases it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor
    except OSError as error:
        os.close(descriptor)
        # NFS locks only what is open for writing, which a folder cannot be.
        if error.errno != errno.EBADF:
            raise
    descriptor = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _delete(folder: Path) -> None:
    """Removes a folder that no reader uses; the next writer removes what is left."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        logging.warning("%s could not be removed.", folder)


def _flush(folder: Path) -> None:
    """Flushes every file and folder to disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(Path(parent) / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        _flush_folder(Path(parent))


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some mounted volumes cannot flush folders, and raise EINVAL.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
