"""The metadata as a SQLite file: whether it is whole, its backup, and what is wrong with it."""

import functools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from components.errors import UserError

_TIMEOUT_SECONDS = 30.0
_DO_NOT_DELETE = (
    "Do not delete it: it knows what was made from what. What is released, and the images, are not "
    "affected."
)
_RECOVER = (
    f"{_DO_NOT_DELETE} Move it aside and put the newest backup in its place; without one, rescue "
    "what can be read: sqlite3 DAMAGED .recover | sqlite3 NEW. docs/troubleshooting.md says more."
)
# SQLite's and ML Metadata's messages, and ours with what to do.
_CAUSES = (
    (r"not a database|malformed|btree|in database main", "is damaged", _RECOVER),
    (
        r"database is locked",
        "is locked by another program",
        "A sqlite3 shell, a copy or another run holds it: `fuser FILE` names the process. Let it "
        f"end, and run again. {_DO_NOT_DELETE}",
    ),
    (
        r"greater than library version",
        "was written by a newer release of ML Metadata",
        f"Use the release of this project that wrote it, or a newer one. {_DO_NOT_DELETE}",
    ),
    (
        r"database or disk is full",
        "cannot be written: the disk is full",
        f"Free some space, and run again. {_DO_NOT_DELETE}",
    ),
    (
        r"readonly|read-only",
        "cannot be written: it or its folder is read-only",
        f"Give permission to write both, and run again. {_DO_NOT_DELETE}",
    ),
    (
        r"older than library version|Upgrade query failed",
        "has an older schema and could not be upgraded",
        f"{_DO_NOT_DELETE} The copy made before the upgrade is next to it, *.backup.",
    ),
    (
        r"disk I/O error",
        "cannot be read: the disk reports an error",
        f"Check the disk first, then the file. {_RECOVER}",
    ),
)


def sqlite_error(file: str, message: str) -> UserError:
    """What is wrong with a file, from the message of SQLite or ML Metadata."""
    for pattern, what, hint in _CAUSES:
        if re.search(pattern, message):
            return UserError(f"the metadata store sqlite://{file} {what}: {message}", hint)
    return UserError(
        f"the metadata store sqlite://{file} cannot be opened: {message}",
        "Its folder must exist and be writable. Several machines need a database.",
    )


@functools.cache
def check_file(file: str) -> None:
    """Checks that a file is a whole database; once per process, since it reads all of it.

    A damaged page shows only when it is read, in the middle of a run. A file that does not exist
    yet, or is empty, is a new database to SQLite.

    Raises:
        UserError: It is damaged, or another program holds it.
    """
    if Path(file).is_file():
        with _told(file), closing(_open(file)) as database:
            _check(file, database)


def back_up(file: str, target: Path) -> None:
    """Copies a database, also while a run writes to it; the copy appears whole or not at all.

    Raises:
        UserError: It is damaged, held by another program, or the copy cannot be written; a copy
            that was there before is kept.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with _told(file), closing(_open(file)) as source, closing(_create(partial)) as copy:
            source.backup(copy)
            _check(file, copy)
        partial.replace(target)
    except OSError as error:
        raise UserError(
            f"the backup {target} cannot be written: {error.strerror}", "Choose another place."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _open(file: str) -> sqlite3.Connection:
    # Not only for reading: what a killed writer left beside it has to be rolled back first.
    uri = f"{Path(file).absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, timeout=_TIMEOUT_SECONDS, uri=True)


def _create(file: Path) -> sqlite3.Connection:
    file.touch()  # An OSError says more than SQLite does.
    return sqlite3.connect(file)


def _check(file: str, database: sqlite3.Connection) -> None:
    [verdict] = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite_error(file, " ".join(str(verdict).split()))


@contextmanager
def _told(file: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise sqlite_error(file, str(error)) from error
