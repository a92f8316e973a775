"""A fingerprint of the data: has anything changed since the last run?"""

import hashlib
import os
from collections.abc import Callable, Iterable
from typing import Literal

from components import storage
from components.parallel import map_on_all_cores


def fingerprint(files: Iterable[tuple[str, str]], kind: Literal["content", "listing"]) -> str:
    """Computes one hash over files.

    Args:
        files: The name and the path of each; the hash depends on their order.
        kind: `content` reads every byte; `listing` looks at names, sizes and times only, which is
            fast on a slow disk and misses an edit that keeps both.

    Returns:
        A hex digest of 64 characters.
    """
    describe = storage.hash_file if kind == "content" else _describe_facts
    files = list(files)
    facts = map_on_all_cores(lambda file: _describe(file[1], describe), files)
    digest = hashlib.sha256()
    for (name, _), fact in zip(files, facts, strict=True):
        # Each part ends in a byte that no file name contains.
        digest.update(os.fsencode(name) + b"\0" + fact.encode() + b"\0")
    return digest.hexdigest()


def _describe(path: str, describe: Callable[[str], str]) -> str:
    """Describes a file, also one that cannot be read; ingest reports it, not the fingerprint."""
    try:
        return describe(path)
    except OSError as error:
        return f"unreadable: {error.errno}"


def _describe_facts(path: str) -> str:
    facts = storage.file_facts(path)
    return f"{facts.bytes} {facts.mtime_ns}"
