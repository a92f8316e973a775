"""Versions in an object store, which cannot rename: `saved_model.pb` is written last.

TensorFlow Serving, KServe and `versions.py` recognize a version by its `saved_model.pb`. It is
written after all other files are complete, and removed first.

A folder without `saved_model.pb` may belong to another tool or to a running writer. Two files
beside the versions mark it, from before its first file is written or removed until after its last:

    .writing-NUMBER-TOKEN   a version that is being written
    .removing-NUMBER        a version that is being removed
"""

import contextlib
import logging
import os
import random
import re
import secrets
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components import storage
from components.artifacts import SAVED_MODEL_FILE
from components.errors import UserError
from components.pusher.files import copy_file, file_sizes, storage_error
from components.pusher.version import ORIGIN_FILE

_CLAIM_PREFIX = ".writing-"
_REMOVAL_PREFIX = ".removing-"
_DEAD_AFTER_SECONDS = 24 * 3600


def check_address(address: str) -> None:
    """Rejects an address that could not be written to after the training.

    Raises:
        UserError: TensorFlow has no file system for it.
    """
    if not storage.is_remote(address):
        return
    import tensorflow as tf

    scheme = address.partition("://")[0]
    known = sorted(name for name in tf.io.gfile.get_registered_schemes() if name)
    if scheme not in known:
        raise UserError(
            f"push.folder: {address} cannot be written: this TensorFlow supports the file systems "
            f"{', '.join(f'{name}://' for name in known)}",
            hint="Mount the folder and give its path, or install the package that adds "
            f"{scheme}:// to TensorFlow.",
        )


class ObjectStore:
    """A folder of versions in a file system of `tf.io.gfile`, such as `gs://bucket/flowers`.

    Writers need no lock: each claims a number, and one that finds another's claim takes another
    number. In stores with consistent listings (Google's, and S3 since 2020) no two writers get the
    same number.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def names(self) -> list[str]:
        """Names of everything in it, unordered; empty if it does not exist."""
        import tensorflow as tf

        try:
            return [name.rstrip("/") for name in tf.io.gfile.listdir(self._address)]
        except tf.errors.NotFoundError:
            return []
        except tf.errors.OpError as error:
            raise storage_error(error, self._address) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Removes leftovers that are older than a day, so that their writers must be dead.

        What cannot be removed is left to the next writer.
        """
        try:
            self._remove_leftovers()
        except OSError as error:
            logging.warning("Leftovers of dead writers could not be removed: %s", error)
        yield

    def write(self, number: int, source: str, files: Mapping[str, bytes]) -> int:
        """Adds a version; see `LocalFolder.write`.

        Returns:
            Its number: `number`, or a higher one if another writer has claimed that.

        Raises:
            OSError: It cannot be written, or is incomplete; no version has changed.
        """
        with self._errors(), tempfile.TemporaryDirectory() as folder:
            expected = file_sizes(source)
            number, claim = self._claim(number)
            try:
                for name in expected:
                    if name not in files and name != SAVED_MODEL_FILE:
                        self._copy(storage.join(source, name), number, name)
                for name, contents in files.items():
                    path = os.path.join(folder, "file")
                    with open(path, "wb") as file:
                        file.write(contents)
                    self._copy(path, number, name)
                    expected[name] = len(contents)
                self._check(number, expected)
                self._copy(storage.join(source, SAVED_MODEL_FILE), number, SAVED_MODEL_FILE)
            except BaseException:
                with contextlib.suppress(Exception):  # the first error is the one to report
                    self._delete(number)
                    self._gfile.remove(claim)
                raise
            self._release(claim)
        return number

    def remove(self, name: str) -> None:
        """Removes a version; `saved_model.pb` goes first, and without it it is not a version.

        Raises:
            OSError: It cannot be removed; leftovers are removed when they are a day old.
        """
        import tensorflow as tf

        with self._errors():
            removal = self._join(_REMOVAL_PREFIX + name)
            self._write_text(removal, name)
            # If a file is not found, another writer is removing it at the same time.
            with contextlib.suppress(tf.errors.NotFoundError):
                self._delete(name)
                self._gfile.remove(removal)

    @property
    def _gfile(self) -> Any:
        import tensorflow as tf

        return tf.io.gfile

    def _join(self, *names: object) -> str:
        return "/".join([self._address, *map(str, names)])

    def _exists(self, *names: object) -> bool:
        return bool(self._gfile.exists(self._join(*names)))

    def _write_text(self, address: str, text: str) -> None:
        with self._gfile.GFile(address, "w") as file:
            file.write(text)

    def _delete(self, name: object) -> None:
        """Deletes a version's files, `saved_model.pb` first."""
        if self._exists(name, SAVED_MODEL_FILE):
            self._gfile.remove(self._join(name, SAVED_MODEL_FILE))
        self._gfile.rmtree(self._join(name))

    def _remove_leftovers(self) -> None:
        with self._errors():
            for name in self.names():
                if self._is_dead(name):
                    self.remove(name)
            names = self.names()
            for name in names:
                if self._is_stale_marker(name, names):
                    self._gfile.remove(self._join(name))

    def _is_dead(self, name: str) -> bool:
        """Whether it is an old folder of ours that was written or removed only in part."""
        if not re.fullmatch("[0-9]+", name) or not _is_old(int(name)):
            return False
        is_ours = bool(self._markers(int(name))) or self._exists(name, ORIGIN_FILE)
        return is_ours and not self._exists(name, SAVED_MODEL_FILE)

    def _is_stale_marker(self, name: str, names: Collection[str]) -> bool:
        """Whether it is a marker file of a version that is no longer written or removed."""
        if claimed := re.match(re.escape(_CLAIM_PREFIX) + "([0-9]+)-", name):
            return _is_old(int(claimed[1]))
        return name.startswith(_REMOVAL_PREFIX) and name.removeprefix(_REMOVAL_PREFIX) not in names

    def _claim(self, number: int) -> tuple[int, str]:
        """Claims a number that no other writer has; returns it and the claim's address."""
        self._gfile.makedirs(self._address)
        while True:
            name = f"{_CLAIM_PREFIX}{number}-{secrets.token_hex(8)}"
            claim = self._join(name)
            self._write_text(claim, name)
            if self._markers(number) == [name] and str(number) not in self.names():
                return number, claim
            self._gfile.remove(claim)
            number += random.randint(1, 10)  # two writers do not collide forever

    def _release(self, claim: str) -> None:
        """Removes a claim; if that fails, a later writer does it, a day from now."""
        import tensorflow as tf

        try:
            self._gfile.remove(claim)
        except tf.errors.OpError as error:
            logging.warning("%s could not be removed: %s", claim, error)

    def _markers(self, number: int) -> list[str]:
        """Names of the files that mark a version as being written or removed."""
        claim, removal = f"{_CLAIM_PREFIX}{number}-", f"{_REMOVAL_PREFIX}{number}"
        return [name for name in self.names() if name.startswith(claim) or name == removal]

    def _copy(self, source: str, number: int, name: str) -> None:
        target = self._join(number, name)
        self._gfile.makedirs(target.rpartition("/")[0])
        copy_file(source, target)

    def _check(self, number: int, expected: Mapping[str, int]) -> None:
        sizes = file_sizes(self._join(number))
        for name, size in expected.items():
            if name != SAVED_MODEL_FILE and sizes.get(name) != size:
                message = f"has {sizes.get(name, 0)} of {size} bytes after it was written"
                raise OSError(None, message, self._join(number, name))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            raise storage_error(error, self._address) from error


def _is_old(number: int) -> bool:
    """Whether a writer that started at this time, in Unix seconds, must be dead."""
    return number < time.time() - _DEAD_AFTER_SECONDS
