"""Reads a manifest: a file that lists images with their labels, and which split each is in.

`NAME.csv` (RFC 4180, with a header) or `NAME.jsonl` (JSON lines: an object a line), both in UTF-8,
with the fields `path`, `label` and, where the images are split already, `split`. What else there is
becomes features of the examples.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from components import storage
from components.example_gen.sources.columns import infer_types
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import clean_label, is_label
from components.printable import printable

_REQUIRED = ("path", "label")
_KNOWN = (*_REQUIRED, "split")
_RESERVED = "image/"
"""What the names of ingest's own features begin with."""
_HINT = (
    "Each line has a path and a label, and a split where the images are split already: in a .csv "
    "below the header path,label,split, in a .jsonl as "
    '{"path": "cats/1.jpg", "label": "cat", "split": "train"}.'
)


class Row(NamedTuple):
    """One image of a manifest."""

    line: int
    """Number of the line that it begins in, from 1."""
    path: str
    """As it is written: relative to the manifest's folder, absolute, or a URL."""
    label: str
    split: str | None
    """None where the manifest has no split for it."""
    columns: Mapping[str, Any] = {}
    """The other fields."""


class _Fault(Exception):
    """What is wrong with one line."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem


def read_manifest(path: str) -> list[Row]:
    """Reads a manifest, in the order of its lines; its file's ending says how it is written.

    Raises:
        IngestError: If it cannot be read, is empty, or one of its lines is wrong.
    """
    text = _read_text(path)
    parse = _parse_csv if path.lower().endswith(".csv") else _parse_json_lines
    try:
        rows = [_row(line, fields) for line, fields in parse(text)]
        _check_repeated_paths(rows)
    except _Fault as fault:
        raise IngestError(
            f"line {fault.line} of {printable(path)} {fault.problem}.", _HINT
        ) from None
    if not rows:
        raise IngestError(f"{printable(path)} lists no images.", _HINT)
    columns = infer_types([row.columns for row in rows])
    return [row._replace(columns=typed) for row, typed in zip(rows, columns, strict=True)]


def _read_text(path: str) -> str:
    try:
        contents = storage.read_bytes(path)
    except OSError as error:
        raise IngestError(
            f"cannot read the manifest {printable(path)}: {error.strerror or error}.",
            "Check data.path: it names the manifest itself, not its folder.",
        ) from error
    try:
        return contents.decode("utf-8-sig")  # Spreadsheets put a byte order mark in front.
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise IngestError(
            f"line {line} of {printable(path)} is not UTF-8.", "Save the manifest as UTF-8."
        ) from error


def _parse_csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for values in reader:
            if values and not header:
                header = values
                _check_names(line, header)
            elif values:
                if len(values) != len(header):
                    raise _Fault(line, f"has {len(values)} fields, and the header {len(header)}")
                row: dict[str, Any] = dict(zip(header, values, strict=True))
                yield line, row | {"split": row.get("split") or None}
            line = reader.line_num + 1  # A quoted value may go over many lines.
    except csv.Error as error:
        raise _Fault(line, f"is not CSV: {error}") from error


def _parse_json_lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    # Not splitlines(): it also splits at characters that JSON text may hold.
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise _Fault(line, f"is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise _Fault(line, "is not a JSON object")
        _check_names(line, row)
        yield line, row


def _check_names(line: int, names: Iterable[str]) -> None:
    names = list(names)
    listed = printable(", ".join(names))
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise _Fault(line, f"has no {' and no '.join(missing)}; it has: {listed or 'nothing'}")
    if len(names) > len(set(names)):
        raise _Fault(line, f"has the fields {listed}; allowed is each once")
    wrong = [name for name in names if not is_label(name) or name.startswith(_RESERVED)]
    if wrong:
        raise _Fault(
            line,
            f"has the fields {listed}; allowed are path, label, split and printable names that do "
            f"not begin with {_RESERVED}",
        )


def _row(line: int, fields: dict[str, Any]) -> Row:
    path, label, split = fields["path"], fields["label"], fields.get("split")
    if isinstance(label, int) and not isinstance(label, bool):
        label = str(label)  # JSON often has the number of a class.
    if isinstance(label, str):
        label = clean_label(label)
    if not isinstance(path, str) or not path or "\0" in path or not _is_encodable(path):
        raise _Fault(line, f"has {path!r} as path")
    if not isinstance(label, str) or not is_label(label):
        raise _Fault(line, f"has {label!r} as label, which is empty or not printable text")
    if split is not None and not (isinstance(split, str) and split):
        raise _Fault(line, f"has {split!r} as split, which is not text")
    columns = {name: value for name, value in fields.items() if name not in _KNOWN}
    for name, value in columns.items():
        if isinstance(value, list | dict):
            raise _Fault(line, f"has {value!r} as {name}, which is no single value")
    return Row(line, path, label, split, columns)


def _is_encodable(path: str) -> bool:
    """Whether a file can have this name; JSON can write characters that none has."""
    try:
        return bool(os.fsencode(path))
    except UnicodeEncodeError:
        return False


def _check_repeated_paths(rows: Iterable[Row]) -> None:
    first: dict[str, Row] = {}
    for row in rows:
        before = first.setdefault(row.path, row)
        for what in ("label", "split", "columns"):
            one, other = getattr(row, what), getattr(before, what)
            if one != other:
                raise _Fault(
                    row.line,
                    f"gives {printable(row.path)} the {what} {one!r}, and line {before.line} gives "
                    f"it {other!r}",
                )
