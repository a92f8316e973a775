"""Every file below a folder, and which of them `data.exclude` leaves out."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from itertools import accumulate

from components import storage
from components.example_gen.sources.listing import list_entries


def walk_files(
    root: str, prefix: str = "", above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Yields the name below `root` and the path of every file, sorted, without system files.

    Links are followed, but not into a folder that the link itself is in: such circles have no end.

    Args:
        root: Where to begin.
        prefix: What leads to it in the names.
        above: The folders that `root` is in, links resolved.

    Raises:
        IngestError: If a folder cannot be read.
    """
    resolved = root if storage.is_remote(root) else os.path.realpath(root)
    if resolved in above:
        return
    for entry in list_entries(root):
        if entry.is_folder:
            yield from walk_files(entry.path, f"{prefix}{entry.name}/", above | {resolved})
        else:
            yield prefix + entry.name, entry.path


class Exclusion:
    """What the patterns of `data.exclude` leave out."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compiles the patterns; in them `*` stands for any characters, `/` included."""
        joined = "|".join(translate(pattern.rstrip("/")) for pattern in patterns)
        self._pattern = re.compile(joined) if patterns else None

    def __contains__(self, name: str) -> bool:
        """Whether a file or folder, by its path below `data.path`, or a folder that it is in, is.

        Those of a file are tried from the top: what leaves out a folder leaves out all in it.
        """
        if self._pattern is None:
            return False
        paths = accumulate(name.split("/"), lambda above, part: f"{above}/{part}")
        return any(self._pattern.match(path) for path in paths)


NOTHING = Exclusion(())
