"""The folder that a model server reads: one subfolder per version, named by a number.

TensorFlow Serving and KServe load the highest number and ignore every other name, so what is being
written beside the versions is never seen.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from components import storage
from components.artifacts import EXTRAS_FOLDER
from components.errors import UserError
from components.progress import report_note
from components.pusher.files import Address, file_sizes, hash_model
from components.pusher.local_folder import LocalFolder
from components.pusher.object_store import ObjectStore
from components.pusher.version import (
    ORIGIN_FILE,
    ModelId,
    Origin,
    Version,
    identify,
    read_version,
)

_NO_VERSION = 2**63
"""TensorFlow Serving reads numbers as int64, and sees no folder with a larger one."""


class VersionFolder(Protocol):
    """A folder of versions; see `LocalFolder` and `ObjectStore`."""

    def names(self) -> list[str]:
        """Names of everything in it."""

    def writing(self) -> AbstractContextManager[None]:
        """Removes leftovers of dead writers, and keeps others out."""

    def write(self, number: int, source: str, files: Mapping[str, bytes]) -> int:
        """Adds a version, whole or not at all; returns its number."""

    def remove(self, name: str) -> None:
        """Removes a version."""


class WithdrawnError(UserError):
    """A rollback took the model out of service; `in_service` is the version there instead."""

    def __init__(self, in_service: Version) -> None:
        """Takes the version that is in service."""
        super().__init__(
            f"a rollback withdrew this model; version {in_service.number} stays released",
            hint="A newly trained model will be pushed; "
            "`rollback --to VERSION` puts this one back.",
        )
        self.in_service = in_service

    def __reduce__(self) -> tuple[type["WithdrawnError"], tuple[Version]]:  # type: ignore[override]
        """Pickles by the constructor's argument, as its base does by its own."""
        return type(self), (self.in_service,)


def open_folder(address: Address) -> VersionFolder:
    """The folder at an address."""
    address = os.fspath(address)
    return ObjectStore(address) if storage.is_remote(address) else LocalFolder(address)


def list_versions(folder: Address) -> list[Version]:
    """Every version, newest first, damaged ones too.

    Raises:
        OSError: The folder cannot be read.
    """
    return list(_newest_first(folder))


def newest_version(folder: Address) -> Version | None:
    """The version in service: the newest that a server can load; None if there is none.

    Raises:
        OSError: The folder cannot be read.
    """
    return next((version for version in _newest_first(folder) if version.is_loadable), None)


def was_pushed_last(folder: Address, model: ModelId) -> bool:
    """Whether the version in service is this model as a run pushed it, not a rollback's copy.

    If so, the Pusher's record of that push is still valid.
    """
    newest = newest_version(folder)
    if newest is None or newest.details is None:
        return False
    return newest.details.copy_of is None and identify(newest).is_same(model)


def add_version(
    folder: Address,
    saved_model: Address,
    model_uri: str,
    *,
    extras: Mapping[str, bytes] | None = None,
    run_id: str | None = None,
    keep: int | None = None,
) -> Version:
    """Puts a SavedModel into service as the newest version.

    It appears whole or not at all, whenever the writer dies. Leftovers of a dead writer are
    removed. A model that is the newest version already (its writer died after it appeared) is not
    written twice.

    Args:
        folder: The model's folder, created if missing.
        saved_model: The SavedModel's folder.
        model_uri: The Model artifact that it belongs to.
        extras: Files for the version's `assets.extra`, by name.
        run_id: The run that pushes it.
        keep: How many of the newest versions stay; None keeps all. What other tools wrote is
            neither counted nor removed. A failed removal is reported, and the next push tries
            again: the model is in service by then.

    Returns:
        The version in service.

    Raises:
        WithdrawnError: A rollback took the model out of service, and it was not put back.
        OSError: The disk is full or the folder not writable; nothing in service has changed.
    """
    with open_folder(folder).writing():
        newest = newest_version(folder)
        model = ModelId(model_uri, hash_model(os.fspath(saved_model)))
        if newest and identify(newest).is_same(model):
            added = newest
        elif newest and any(map(model.is_same, newest.withdrawn_models)):
            raise WithdrawnError(newest)
        else:
            origin = _origin(model, run_id, newest)
            added = write_version(folder, os.fspath(saved_model), origin, extras)
        if keep is not None:
            _remove_old(folder, keep)
    return added


def _origin(model: ModelId, run_id: str | None, newest: Version | None) -> Origin:
    """Where the next version comes from; what is withdrawn stays withdrawn."""
    before = newest.details if newest and newest.details else Origin(None)
    return Origin(
        model.uri,
        run_id=run_id,
        digest=model.digest,
        withdrawn=before.withdrawn,
        withdrawn_digests=before.withdrawn_digests,
    )


def write_version(
    folder: Address, source: str, origin: Origin, extras: Mapping[str, bytes] | None = None
) -> Version:
    """Writes the next version; the folder must be open for writing.

    `pushed` and `files` of the origin are filled in; `extras` go to the version's `assets.extra`.

    Raises:
        OSError: See `add_version`.
    """
    files = {f"{EXTRAS_FOLDER}/{name}": contents for name, contents in (extras or {}).items()}
    sizes = {**file_sizes(source), **{name: len(contents) for name, contents in files.items()}}
    sizes.pop(ORIGIN_FILE, None)
    now = datetime.now(timezone.utc)
    origin = replace(origin, pushed=now.isoformat(timespec="seconds"), files=sizes)
    # Numbers are times, as in TFX's Pusher, but never go back with the clock.
    number = max([int(time.time()), *(int(name) + 1 for name in _numbers(folder))])
    number = open_folder(folder).write(number, source, {**files, ORIGIN_FILE: origin.to_json()})
    return read_version(folder, str(number))


def _newest_first(folder: Address) -> Iterator[Version]:
    for name in sorted(_numbers(folder), key=int, reverse=True):
        yield read_version(folder, name)


def _numbers(folder: Address) -> list[str]:
    names = [name for name in open_folder(folder).names() if re.fullmatch("[0-9]+", name)]
    return [name for name in names if int(name) < _NO_VERSION]


def _remove_old(folder: Address, keep: int) -> None:
    ours: list[Version] = []
    with _report_os_error("old versions could not be listed"):
        ours = [version for version in list_versions(folder) if version.details is not None]
    for version in ours[keep:]:
        with _report_os_error(f"old version {version.number} could not be removed"):
            open_folder(folder).remove(Path(version.address).name)


@contextlib.contextmanager
def _report_os_error(what: str) -> Iterator[None]:
    """Reports an error that does not fail the push."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        report_note("Pusher", f"{what}: {reason}. The model is released; the next push tries again")
