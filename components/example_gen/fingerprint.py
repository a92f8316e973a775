"""A fingerprint of the data: has anything changed since the last run?"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from components import storage
from components.example_gen.inspection import Checked
from components.example_gen.sources.errors import IngestError
from components.parallel import map_on_all_cores
from components.printable import printable


def fingerprint(
    files: Iterable[tuple[str, str]],
    kind: Literal["content", "listing"],
    read: Mapping[str, str] | None = None,
) -> str:
    """Computes one hash over files.

    Args:
        files: The name and the path of each; the hash depends on their order.
        kind: `content` reads every byte; `listing` looks at names, sizes and times only, which is
            fast on a slow disk and misses an edit that keeps both.
        read: For `content`, the SHA-256 of files that were read already, by their paths.

    Returns:
        A hex digest of 64 characters.
    """
    known = (read or {}) if kind == "content" else {}

    def describe(path: str) -> str:
        hash_or_facts = storage.hash_file if kind == "content" else _describe_facts
        return known.get(path) or hash_or_facts(path)

    files = list(files)
    facts = map_on_all_cores(lambda file: _describe(file[1], describe), files)
    digest = hashlib.sha256()
    for (name, _), fact in zip(files, facts, strict=True):
        # Each part ends in a byte that no file name contains.
        digest.update(os.fsencode(name) + b"\0" + fact.encode() + b"\0")
    return digest.hexdigest()


def check_what_was_read(
    checked: Sequence[Checked],
    files: Iterable[tuple[str, str]],
    kind: Literal["content", "listing"],
    expected: str,
) -> None:
    """Checks that the images read are those that the fingerprint, the cache's key, is of.

    Args:
        checked: The images that were read.
        files: The files of the data, listed after reading.
        kind: See `fingerprint`.
        expected: The fingerprint from before reading.

    Raises:
        IngestError: A file was changed, added or removed during this.
    """
    files = list(files)
    there = {printable(name) for name, _ in files}
    gone = next((image.found.name for image in checked if _file_of(image) not in there), None)
    read = {image.found.path: image.sha256 for image in checked if image.found.length < 0}
    if gone is None and fingerprint(files, kind, read) == expected:
        return
    what = "the files of data.path" if gone is None else gone
    raise IngestError(
        f"{what} changed or vanished while the images were being read.",
        "Run again when nothing writes to data.path.",
    )


def _file_of(image: Checked) -> str:
    """The name of the file that an image is, or is contained in."""
    name = image.found.name
    return name if image.found.length < 0 else name.rpartition("#")[0]


def _describe(path: str, describe: Callable[[str], str]) -> str:
    """Describes a file, also one that cannot be read; ingest reports it, not the fingerprint."""
    try:
        return describe(path)
    except OSError as error:
        return f"unreadable: {error.errno}"


def _describe_facts(path: str) -> str:
    facts = storage.file_facts(path)
    return f"{facts.bytes} {facts.mtime_ns}"
