"""The folder that a model server reads: one subfolder a version, named by a number.

TensorFlow Serving and KServe load the highest number and pass over every other name, so that what
is being written beside the versions is never seen.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARTIAL_PREFIX = ".partial-"
# TensorFlow Serving leaves assets.extra to whoever writes the model.
_ORIGIN_FILE = Path("assets.extra") / "origin.json"


@dataclass(frozen=True)
class Version:
    """A version in service.

    Attributes:
        number: Its number; higher ones are newer.
        path: Its folder.
        origin: The Model artifact that it was made from, as a URI; None if another tool wrote it.
    """

    number: int
    path: Path
    origin: str | None


def newest_version(folder: Path) -> Version | None:
    """The version that model servers load, or None where there is none."""
    if not folder.is_dir():
        return None
    numbers = [int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal()]
    if not numbers:
        return None
    path = folder / str(max(numbers))
    origin = None
    with contextlib.suppress(FileNotFoundError, ValueError):
        origin = json.loads((path / _ORIGIN_FILE).read_text())["model_uri"]
    return Version(max(numbers), path, origin)


def add_version(folder: Path, saved_model: Path, model_uri: str) -> Version:
    """Puts a SavedModel into service as the newest version.

    The version is written aside, flushed to the disk and then renamed: a reader sees all of it or
    nothing, whenever the writer dies. What a dead writer left behind is removed. A model that is
    the newest version already (its writer died after the rename) is not written twice.

    Args:
        folder: The model's folder, made if missing.
        saved_model: The SavedModel's folder.
        model_uri: The Model artifact that it belongs to.

    Returns:
        The version in service.

    Raises:
        OSError: The disk is full or the folder not writable; nothing in service has changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _remove_partial(folder)
        newest = newest_version(folder)
        if newest and newest.origin == model_uri:
            return newest
        # Numbers are times, as TFX's Pusher has them, but never go backwards with the clock.
        number = max(int(time.time()), newest.number + 1 if newest else 0)
        with _aside(folder, number) as partial:
            shutil.copytree(saved_model, partial)
            _write_origin(partial, model_uri)
            _flush(partial)
            path = folder / str(number)
            partial.rename(path)
            _flush_entry(folder)
        return Version(number, path, model_uri)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lets one writer at a time into the folder; the lock goes with its holder's process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _aside(folder: Path, number: int) -> Iterator[Path]:
    """A folder to write to that is gone afterwards unless it was renamed."""
    partial = folder / f"{_PARTIAL_PREFIX}{number}"
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_partial(folder: Path) -> None:
    for partial in folder.glob(f"{_PARTIAL_PREFIX}*"):
        shutil.rmtree(partial)


def _write_origin(version: Path, model_uri: str) -> None:
    path = version / _ORIGIN_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"model_uri": model_uri}))


def _flush(folder: Path) -> None:
    """Waits until every file and folder is on the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            _flush_entry(Path(parent) / name)
        _flush_entry(Path(parent))


def _flush_entry(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
