"""Files of a folder, on a disk or in an object store."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from components import storage
from components.artifacts import EXTRAS_FOLDER

Address = str | os.PathLike[str]
"""A path, or a URL as `tf.io.gfile` takes them."""


def walk_files(folder: str) -> Iterator[str]:
    """Names of the files below a folder, relative to it, sorted, with `/` between their parts.

    Raises:
        OSError: There is no such folder, or it cannot be read.
    """
    for entry in storage.list_folder(folder):
        if entry.is_folder:
            yield from (f"{entry.name}/{name}" for name in walk_files(entry.path))
        else:
            yield entry.name


def file_sizes(folder: str) -> dict[str, int]:
    """Size of each file below a folder in bytes, by its name relative to it.

    Raises:
        OSError: See `walk_files`.
    """
    return {
        name: storage.file_facts(storage.join(folder, name)).bytes for name in walk_files(folder)
    }


def hash_model(folder: str) -> str:
    """Computes the SHA-256 of a SavedModel in hex: of its files' names and contents.

    What a version has beside the model, in `assets.extra`, does not count: a model and every
    version of it have the same hash.

    Raises:
        OSError: See `walk_files`.
    """
    digest = hashlib.sha256()
    for name in walk_files(folder):
        if not name.startswith(f"{EXTRAS_FOLDER}/"):
            contents = storage.hash_file(storage.join(folder, name))
            # Ends in a byte that no file name contains.
            digest.update(f"{contents} {name}".encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()


def copy_file(source: str, target: str) -> None:
    """Copies a file's bytes; either end may be remote. The folder of a local target must exist.

    Raises:
        OSError: It cannot be read or written.
    """
    if not storage.is_remote(source) and not storage.is_remote(target):
        shutil.copyfile(source, target)
        return
    import tensorflow as tf

    try:
        tf.io.gfile.copy(source, target, overwrite=True)
    except tf.errors.OpError as error:
        raise storage_error(error, target) from error


def storage_error(error: Exception, address: str) -> OSError:
    """An OSError for a TensorFlow error, as local files raise."""
    return OSError(None, getattr(error, "message", "") or type(error).__name__, address)


def copy_to_disk(source: str, target: Path) -> None:
    """Copies a folder, which may be remote, to a new local one.

    Raises:
        OSError: The first file that cannot be read or written.
    """
    target.mkdir()
    for name in walk_files(source):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy_file(storage.join(source, name), os.fspath(copy))
