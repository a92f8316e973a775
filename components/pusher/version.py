"""One version of a model in its folder, and `assets.extra/origin.json`: where it came from."""

import itertools
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from components import storage
from components.artifacts import EXTRAS_FOLDER, SAVED_MODEL_FILE
from components.pusher.files import Address, file_sizes, hash_model

ORIGIN_FILE = f"{EXTRAS_FOLDER}/origin.json"
NO_SAVED_MODEL = f"has no {SAVED_MODEL_FILE}, so that no server can load it"
NOT_A_FOLDER = "is not a folder"


@dataclass(frozen=True)
class ModelId:
    """Which model something is: its contents, not where they lie.

    A place says little: with new metadata TFX counts executions from 1 again, and another model
    gets the URI of an old one; in a workspace that was moved, the same model has another URI.

    Attributes:
        uri: URI of its Model artifact; None if that is not known.
        digest: `hash_model` of its files; None if they are gone, or an older release recorded it.
    """

    uri: str | None
    digest: str | None = None

    def is_same(self, other: "ModelId") -> bool:
        """Whether both are one model; where a digest is missing, by their URIs."""
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.uri is not None and self.uri == other.uri


@dataclass(frozen=True)
class Origin:
    """Where a version came from; kept in the version itself.

    Attributes:
        model_uri: The Model artifact that it was made from; None for a copy of a version that
            another tool wrote.
        run_id: The run that pushed the model.
        pushed: When the version appeared, in UTC, as ISO 8601.
        copy_of: Number of the version that a rollback copied; for a copy of a copy, that of the
            first one, which may be deleted. None if a run pushed it.
        withdrawn: Model artifacts that rollbacks took out of service. They are kept in the newest
            version, so that they appear with it and cannot be lost separately.
        files: Bytes of each file of the version except this one, by name.
        digest: `hash_model` of the version; None in versions of older releases.
        withdrawn_digests: The digest of each model of `withdrawn`, or None.
    """

    model_uri: str | None
    run_id: str | None = None
    pushed: str | None = None
    copy_of: int | None = None
    withdrawn: tuple[str, ...] = ()
    files: dict[str, int] = field(default_factory=dict)
    digest: str | None = None
    withdrawn_digests: tuple[str | None, ...] = ()

    @property
    def withdrawn_models(self) -> tuple[ModelId, ...]:
        """The models that rollbacks took out of service."""
        digests = self.withdrawn_digests[: len(self.withdrawn)]
        return tuple(
            ModelId(uri, digest) for uri, digest in itertools.zip_longest(self.withdrawn, digests)
        )

    def to_json(self) -> bytes:
        """The file's contents."""
        return json.dumps(asdict(self), indent=2).encode() + b"\n"


@dataclass(frozen=True)
class Version:
    """A version of a model.

    Attributes:
        number: Its number; higher ones are newer.
        address: Its folder, a path or a URL.
        origin: The Model artifact that it was made from, as a URI; None if another tool wrote it.
        details: Its `origin.json`; None if another tool wrote it.
        problem: What is wrong with it at first sight, or None; `find_damage` checks its files.
    """

    number: int
    address: str
    origin: str | None = None
    details: Origin | None = None
    problem: str | None = None

    @property
    def withdrawn_models(self) -> tuple[ModelId, ...]:
        """The models that are withdrawn while this version is in service."""
        return self.details.withdrawn_models if self.details else ()

    @property
    def recorded_model(self) -> ModelId:
        """Its model as `origin.json` says; see `identify`."""
        return ModelId(self.origin, self.details.digest if self.details else None)

    @property
    def path(self) -> Path:
        """Its folder, if that is on this machine."""
        return Path(self.address)

    @property
    def is_loadable(self) -> bool:
        """Whether a server would find a model in it."""
        return self.problem not in (NO_SAVED_MODEL, NOT_A_FOLDER)


def read_version(folder: Address, name: str) -> Version:
    """Reads a version: whether it has a model, and where it came from."""
    address = storage.join(os.fspath(folder), name)
    try:
        names = {entry.name for entry in storage.list_folder(address)}
        if SAVED_MODEL_FILE not in names:
            return Version(int(name), address, problem=NO_SAVED_MODEL)
        extras = storage.join(address, EXTRAS_FOLDER)
        if EXTRAS_FOLDER not in names or not any(
            entry.name == os.path.basename(ORIGIN_FILE) for entry in storage.list_folder(extras)
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


def parse_origin(contents: bytes) -> Origin:
    """Parses `origin.json`; keys that a newer release may add are ignored.

    Raises:
        ValueError: It is not such a file.
    """
    tree: Any = json.loads(contents)
    if not isinstance(tree, dict) or "model_uri" not in tree:
        raise ValueError("it names no model")
    files = tree.get("files") or {}
    is_valid = isinstance(files, dict) and all(isinstance(size, int) for size in files.values())
    is_valid = is_valid and isinstance(tree.get("copy_of"), int | None)
    texts = [tree["model_uri"], tree.get("run_id"), tree.get("pushed"), tree.get("digest")]
    if not is_valid or not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError("it has values of the wrong type")
    return Origin(
        model_uri=tree["model_uri"],
        run_id=tree.get("run_id"),
        pushed=tree.get("pushed"),
        copy_of=tree.get("copy_of"),
        withdrawn=tuple(map(str, tree.get("withdrawn") or ())),
        files=files,
        digest=tree.get("digest"),
        withdrawn_digests=tuple(
            digest and str(digest) for digest in tree.get("withdrawn_digests") or ()
        ),
    )


def identify(version: Version) -> ModelId:
    """A version's model; the digest that an older release did not record is computed."""
    model = version.recorded_model
    if version.details is None or model.digest is not None:
        return model
    return identify_model(model.uri, version.address)


def identify_model(uri: str | None, saved_model: Address) -> ModelId:
    """A Model artifact, with the digest of its SavedModel; by its URI alone if that is gone."""
    try:
        return ModelId(uri, hash_model(os.fspath(saved_model)))
    except OSError:
        return ModelId(uri)


def find_damage(version: Version) -> str | None:
    """What is wrong with a version: its problem, or a file that is not as it was written."""
    if version.problem or version.details is None:
        return version.problem
    try:
        sizes = file_sizes(version.address)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    for name, size in version.details.files.items():
        if name not in sizes:
            return f"{name} is missing"
        if sizes[name] != size:
            return f"{name} has {sizes[name]:,} bytes, and had {size:,} when it was pushed"
    return None
