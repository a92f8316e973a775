"""Where versions are kept, whatever keeps them."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from components import storage
from components.pusher.local_folder import LocalFolder
from components.pusher.object_store import ObjectStore

Address = str | os.PathLike[str]
"""A path, or a URL as `tf.io.gfile` takes them."""


class VersionFolder(Protocol):
    """A folder of versions; see `LocalFolder` and `ObjectStore`."""

    def names(self) -> list[str]:
        """Names of everything in it."""

    def writing(self) -> AbstractContextManager[None]:
        """Clears up after dead writers, and keeps others out."""

    def write(self, number: int, source: str, files: Mapping[str, bytes]) -> int:
        """Adds a version, whole or not at all; returns its number."""

    def remove(self, name: str) -> None:
        """Removes a version."""


def open_folder(address: Address) -> VersionFolder:
    """The folder at an address."""
    address = os.fspath(address)
    return ObjectStore(address) if storage.is_remote(address) else LocalFolder(address)
