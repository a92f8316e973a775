"""One version of a model, as it is found in its folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from components import storage
from components.pusher.files import file_sizes
from components.pusher.folder import Address
from components.pusher.origin import ORIGIN_FILE, Origin, parse_origin

SAVED_MODEL = "saved_model.pb"
NO_SAVED_MODEL = f"has no {SAVED_MODEL}, so that no server can load it"
NOT_A_FOLDER = "is not a folder"


@dataclass(frozen=True)
class Version:
    """A version of a model.

    Attributes:
        number: Its number; higher ones are newer.
        address: Its folder, a path or a URL.
        origin: The Model artifact that it was made from, as a URI; None if another tool wrote it.
        details: All that is known of where it came from; None if another tool wrote it.
        problem: What is wrong with it at first sight, or None; `find_damage` looks closer.
    """

    number: int
    address: str
    origin: str | None = None
    details: Origin | None = None
    problem: str | None = None

    @property
    def path(self) -> Path:
        """Its folder, where that is on this machine."""
        return Path(self.address)

    @property
    def is_loadable(self) -> bool:
        """Whether a server would find a model in it."""
        return self.problem not in (NO_SAVED_MODEL, NOT_A_FOLDER)


def read_version(folder: Address, name: str) -> Version:
    """Looks at a version: its model's file and where it came from.

    Args:
        folder: The model's folder.
        name: The version's name in it.
    """
    address = storage.join(os.fspath(folder), name)
    try:
        names = {entry.name for entry in storage.list_folder(address)}
        if SAVED_MODEL not in names:
            return Version(int(name), address, problem=NO_SAVED_MODEL)
        extras = storage.join(address, "assets.extra")
        if "assets.extra" not in names or not any(
            entry.name == "origin.json" for entry in storage.list_folder(extras)
        ):
            return Version(int(name), address)
        origin = parse_origin(storage.read_bytes(storage.join(address, ORIGIN_FILE)))
    except NotADirectoryError:
        return Version(int(name), address, problem=NOT_A_FOLDER)
    except OSError as error:
        return Version(int(name), address, problem=f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        return Version(int(name), address, problem=f"{ORIGIN_FILE} is damaged: {error}")
    return Version(int(name), address, origin.model_uri, origin)


def find_damage(version: Version) -> str | None:
    """What is wrong with a version: its problem, or that files are not as they were written."""
    if version.problem or version.details is None:
        return version.problem
    try:
        found = file_sizes(version.address)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    for name, size in version.details.files.items():
        if name not in found:
            return f"{name} is missing"
        if found[name] != size:
            return f"{name} has {found[name]:,} bytes, and had {size:,} when it was pushed"
    return None
