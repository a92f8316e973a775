"""Lists the files that a person means: files, folders, patterns, and paths from stdin.

Files come as they are found, so that a list of millions never has to fit into memory; only the
names within one folder, and what one pattern matches, are sorted and held.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from components.example_gen.sources.source import is_litter

STDIN = "-"


class Listed(NamedTuple):
    """One file to ask about."""

    path: str
    """As it was given, or below the folder that was given."""
    error: str | None = None
    """Why it cannot even be listed, as of a folder that may not be read."""


def list_images(arguments: Sequence[str], stdin: BinaryIO | None = None) -> Iterator[Listed]:
    """Lists files in a stable order.

    Args:
        arguments: Files, folders (with all that is below them, but for litter), patterns such as
            `images/**/*.png`, and `-` for paths from stdin, one a line.
        stdin: Where `-` reads from; the process' own if None.

    Yields:
        Files, arguments in the order given and each folder sorted by name. What does not exist is
        listed too: whoever reads it says so.
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
    # Not through sys.stdin: Python could not end while a thread waits in it.
    with stdin or open(0, "rb", closefd=False) as lines:
        for line in lines:
            path = os.fsdecode(line.rstrip(b"\r\n"))
            if path:
                yield path


def _match(pattern: str) -> Iterator[Listed]:
    matches = sorted(set(glob.iglob(pattern, recursive=True)))
    if not matches:
        yield Listed(pattern, "nothing matches this pattern")
    # `**` matches what is below a folder by itself.
    looks_below = "**" in pattern
    for path in matches:
        is_in_litter = any(is_litter(part) for part in path.split(os.sep))
        if is_in_litter or (looks_below and os.path.isdir(path)):
            continue
        yield from _expand(path)


def _expand(path: str) -> Iterator[Listed]:
    if os.path.isdir(path):
        yield from _walk(path, frozenset())
    else:
        yield Listed(path)


def _walk(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[Listed]:
    """Lists what is below a folder.

    Args:
        folder: The folder.
        above: Device and inode of the folders that led here, which a link may lead back to.
    """
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in above:
            yield Listed(folder, "is a link back to a folder above it")
            return
        with os.scandir(folder) as entries:
            found = sorted((e.name, _is_folder(e)) for e in entries if not is_litter(e.name))
    except OSError as error:
        yield Listed(folder, f"the folder cannot be read: {error.strerror or error}")
        return
    for name, is_folder in found:
        path = os.path.join(folder, name)
        if is_folder:
            yield from _walk(path, above | {(status.st_dev, status.st_ino)})
        else:
            yield Listed(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # Unlike `entry.is_dir()`, `isdir` answers False for links that lead in circles.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()
