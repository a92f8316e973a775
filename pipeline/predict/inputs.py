"""Lists the files to predict: files, folders, patterns, and paths from stdin.

Files are yielded as they are found, so that a list of millions never has to fit into memory; only
the names in one folder, and the matches of one pattern, are held and sorted.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from components.example_gen.sources.listing import is_litter

STDIN = "-"


class Listed(NamedTuple):
    """One file to predict."""

    path: str
    """Its path, as given or below the given folder."""
    error: str | None = None
    """Why it cannot be listed, such as a folder without read permission."""


def list_images(arguments: Sequence[str], stdin: BinaryIO | None = None) -> Iterator[Listed]:
    """Lists files in a stable order.

    Args:
        arguments: Files, folders (recursively, without files that systems leave), patterns such as
            `images/**/*.png`, and `-` for paths from stdin, one per line.
        stdin: The stream that `-` reads; None is the stdin of this process.

    Yields:
        Files, in the order of the arguments, each folder sorted by name. Missing files are listed
        too: reading them reports the error.
    """
    for argument in arguments:
        if argument == STDIN:
            for path in _read_paths(stdin):
                yield from _expand(path)
        elif glob.has_magic(argument) and not os.path.lexists(argument):
            yield from _match(argument)
        else:
            yield from _expand(argument)


def _read_paths(stdin: BinaryIO | None) -> Iterator[str]:
    # Not sys.stdin: Python could not exit while a thread waits on it.
    with stdin or open(0, "rb", closefd=False) as lines:
        for line in lines:
            path = os.fsdecode(line.rstrip(b"\r\n"))
            if path:
                yield path


def _match(pattern: str) -> Iterator[Listed]:
    matches = sorted(set(glob.iglob(pattern, recursive=True)))
    if not matches:
        yield Listed(pattern, "nothing matches this pattern")
    # `**` also matches the files below a folder.
    is_recursive = "**" in pattern
    for path in matches:
        is_in_litter = any(is_litter(part) for part in path.split(os.sep))
        if is_in_litter or (is_recursive and os.path.isdir(path)):
            continue
        yield from _expand(path)


def _expand(path: str) -> Iterator[Listed]:
    if os.path.isdir(path):
        yield from _walk(path, frozenset())
    else:
        yield Listed(path)


def _walk(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[Listed]:
    """Lists the files below a folder; `above` are its parents, to detect links back to them."""
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in above:
            yield Listed(folder, "is a link to a folder that contains it")
            return
        with os.scandir(folder) as entries:
            children = sorted((e.name, _is_folder(e)) for e in entries if not is_litter(e.name))
    except OSError as error:
        yield Listed(folder, f"the folder cannot be read: {error.strerror or error}")
        return
    for name, is_folder in children:
        path = os.path.join(folder, name)
        if is_folder:
            yield from _walk(path, above | {(status.st_dev, status.st_ino)})
        else:
            yield Listed(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # Unlike `entry.is_dir()`, `isdir` returns False for circular links.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()
