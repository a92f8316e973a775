"""Writes the page and its charts: all of them, or none."""

import contextlib
import os
from collections.abc import Mapping

from components import storage
from components.artifacts import PAGE_FILE
from components.errors import UserError


class ReportError(UserError):
    """The report could not be written."""


def write_folder(folder: str, files: Mapping[str, bytes]) -> None:
    """Writes files to an existing folder, the page last: if it exists, all of them do.

    Raises:
        ReportError: The disk is full or the folder not writable; the files are removed again.
    """
    order = sorted(files, key=lambda name: (name == PAGE_FILE, name))
    try:
        for name in order:
            _write(storage.join(folder, name), files[name])
    except OSError as error:
        for name in order:
            _remove(storage.join(folder, name))
        raise ReportError(
            f"the report could not be written to {folder}: {error.strerror or error}.",
            "Free disk space or make the folder writable, and run again: the rest of this run is "
            "done, and the released model is unaffected.",
        ) from error


def _write(path: str, contents: bytes) -> None:
    """Writes a file under a temporary name, then renames it."""
    if storage.is_remote(path):
        _write_remote(path, contents)
        return
    with open(_partial(path), "wb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())
    os.replace(_partial(path), path)


def _write_remote(path: str, contents: bytes) -> None:
    """Writes an object, which object stores show once it is complete."""
    import tensorflow as tf

    try:
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(contents)
    except tf.errors.OpError as error:
        raise OSError(error.message or type(error).__name__) from error


def _remove(path: str) -> None:
    if storage.is_remote(path):
        return  # TFX removes the folder of an execution that failed.
    for name in (path, _partial(path)):
        with contextlib.suppress(OSError):
            os.remove(name)


def _partial(path: str) -> str:
    return f"{path}.partial"
