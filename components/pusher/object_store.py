"""Versions in an object store: there is no rename, so `saved_model.pb` comes last.

TensorFlow Serving, KServe and `versions.py` take a version for one by its `saved_model.pb`. Before
that is written, the other files are there in full. It is the first to go, too.

What has no `saved_model.pb` may be of another tool, or of a writer at work. Two files beside the
versions tell whose it is, from before its first file is written or removed until after its last:

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
from components.errors import UserError
from components.pusher.files import copy_file, file_sizes, storage_error
from components.pusher.origin import ORIGIN_FILE

MARKER = "saved_model.pb"
_CLAIM_PREFIX = ".writing-"
_REMOVAL_PREFIX = ".removing-"
_DEAD_AFTER_SECONDS = 24 * 3600


def check_address(address: str) -> None:
    """Refuses an address that could not be written to when training is over.

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
            f"push.folder: {address} cannot be written: TensorFlow here knows the file systems "
            f"{', '.join(f'{name}://' for name in known)}",
            hint="Mount the folder and give its path, or install the package that brings "
            f"{scheme}:// to TensorFlow.",
        )


class ObjectStore:
    """A folder of versions that `tf.io.gfile` reaches.

    Writers need no lock: each claims its number, and one that meets another's claim takes another
    number. Stores that list what was just written (Google's does, and S3 since 2020) let no two
    writers have one number.

    Args:
        address: Its address, such as `gs://bucket/flowers`.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def names(self) -> list[str]:
        """Names of everything in it, in no order; nothing if it is not there."""
        import tensorflow as tf

        try:
            return [name.rstrip("/") for name in tf.io.gfile.listdir(self._address)]
        except tf.errors.NotFoundError:
            return []
        except tf.errors.OpError as error:
            raise storage_error(error, self._address) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Removes what writers left behind that must be dead: it is older than a day.

        What cannot be removed is for the next writer.
        """
        try:
            self._clear()
        except OSError as error:
            logging.warning("What dead writers left could not be removed: %s", error)
        yield

    def write(self, number: int, source: str, files: Mapping[str, bytes]) -> int:
        """Adds a version; see `LocalFolder.write`.

        Returns:
            Its number: `number`, or a higher one where another writer has that.

        Raises:
            OSError: It cannot be written, or is not there in full; no version has changed.
        """
        with self._errors(), tempfile.TemporaryDirectory() as folder:
            expected = file_sizes(source)
            number, claim = self._claim(number)
            try:
                for name in expected:
                    if name not in files and name != MARKER:
                        self._copy(storage.join(source, name), number, name)
                for name, contents in files.items():
                    path = os.path.join(folder, "file")
                    with open(path, "wb") as file:
                        file.write(contents)
                    self._copy(path, number, name)
                    expected[name] = len(contents)
                self._check(number, expected)
                self._copy(storage.join(source, MARKER), number, MARKER)
            except BaseException:
                with contextlib.suppress(Exception):  # what went wrong first is what is told
                    self._delete(number)
                    self._gfile.remove(claim)
                raise
            self._release(claim)
        return number

    def remove(self, name: str) -> None:
        """Removes a version; without its `saved_model.pb`, which goes first, it is none.

        Raises:
            OSError: It cannot be removed; what is left of it is cleared away when it is a day old.
        """
        import tensorflow as tf

        with self._errors():
            removal = self._join(_REMOVAL_PREFIX + name)
            self._write_text(removal, name)
            # What is not found, another writer removes at the same time.
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
        """Deletes a version's files, the one that makes it a version first."""
        if self._exists(name, MARKER):
            self._gfile.remove(self._join(name, MARKER))
        self._gfile.rmtree(self._join(name))

    def _clear(self) -> None:
        with self._errors():
            for name in self.names():
                if self._is_dead(name):
                    self.remove(name)
            names = self.names()
            for name in names:
                if self._is_spent(name, names):
                    self._gfile.remove(self._join(name))

    def _is_dead(self, name: str) -> bool:
        """Whether it is an old folder of ours that was not written, or not removed, to its end."""
        if not re.fullmatch("[0-9]+", name) or not _is_old(int(name)):
            return False
        is_ours = bool(self._marks(int(name))) or self._exists(name, ORIGIN_FILE)
        return is_ours and not self._exists(name, MARKER)

    def _is_spent(self, name: str, names: Collection[str]) -> bool:
        """Whether it is a file that told of a version, and is of no more use."""
        if claimed := re.match(re.escape(_CLAIM_PREFIX) + "([0-9]+)-", name):
            return _is_old(int(claimed[1]))
        return name.startswith(_REMOVAL_PREFIX) and name.removeprefix(_REMOVAL_PREFIX) not in names

    def _claim(self, number: int) -> tuple[int, str]:
        """Takes a number that no other writer has; returns it and the file that says so."""
        self._gfile.makedirs(self._address)
        while True:
            name = f"{_CLAIM_PREFIX}{number}-{secrets.token_hex(8)}"
            claim = self._join(name)
            self._write_text(claim, name)
            if self._marks(number) == [name] and str(number) not in self.names():
                return number, claim
            self._gfile.remove(claim)
            number += random.randint(1, 10)  # two that met do not meet again for ever

    def _release(self, claim: str) -> None:
        """Takes a claim back, or leaves it: its version is in service, and it goes in a day."""
        import tensorflow as tf

        try:
            self._gfile.remove(claim)
        except tf.errors.OpError as error:
            logging.warning("%s could not be removed: %s", claim, error)

    def _marks(self, number: int) -> list[str]:
        """Names of the files which tell that a version is being written or removed."""
        claim, removal = f"{_CLAIM_PREFIX}{number}-", f"{_REMOVAL_PREFIX}{number}"
        return [name for name in self.names() if name.startswith(claim) or name == removal]

    def _copy(self, source: str, number: int, name: str) -> None:
        target = self._join(number, name)
        self._gfile.makedirs(target.rpartition("/")[0])
        copy_file(source, target)

    def _check(self, number: int, expected: Mapping[str, int]) -> None:
        found = file_sizes(self._join(number))
        for name, size in expected.items():
            if name != MARKER and found.get(name) != size:
                message = f"has {found.get(name, 0)} of {size} bytes after it was written"
                raise OSError(None, message, self._join(number, name))

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            raise storage_error(error, self._address) from error


def _is_old(number: int) -> bool:
    """Whether a writer that began at that time, in seconds, must be dead."""
    return number < time.time() - _DEAD_AFTER_SECONDS
