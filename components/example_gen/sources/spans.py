"""Resolves `{SPAN}` in a path: the newest data, or the requested one."""

import datetime
import re
from collections import defaultdict
from typing import Literal, NamedTuple

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import list_entries
from components.example_gen.sources.tree import walk_files

SPAN_PLACEHOLDER = "{SPAN}"

_EMPTY = "has no files"
_NUMBER = r"\d{4}-\d\d-\d\d|\d+"


class Span(NamedTuple):
    """Where the data of a run are."""

    path: str
    number: int | None
    """None where the path has no `{SPAN}`; a date is its eight digits."""
    passed_over: tuple[str, ...] = ()
    """Newer spans that were not taken, and why."""


class _Folder(NamedTuple):
    """One folder that fits the path."""

    name: str
    path: str
    data_path: str
    """What the whole `data.path` is with it."""


def parse_span(value: object) -> object:
    """Reads `0012` as 12 and `2026-11-30` as 20261130; leaves anything else as it is."""
    if isinstance(value, datetime.date):  # YAML reads a date as one.
        value = value.isoformat()
    if not isinstance(value, str):
        return value
    if not re.fullmatch(_NUMBER, value, re.ASCII):
        raise ValueError("is neither a number nor a date; write for example 12 or 2026-11-30")
    return int(value.replace("-", ""))


def resolve_span(
    path: str,
    span: int | None,
    marker: str | None = None,
    empty_span: Literal["fail", "skip"] = "fail",
) -> Span:
    """Finds the folder of the span.

    Args:
        path: The `data.path`, with or without `{SPAN}`; leading zeros of the number do not matter.
        span: The one to take, or None for the newest, which is the highest number or date.
        marker: File that a complete span's folder has; None takes any folder.
        empty_span: Whether newest spans without a file are passed over.

    Raises:
        IngestError: If there is no such folder, it is not complete, or has no files.
    """
    if SPAN_PLACEHOLDER not in path:
        return Span(path, None)
    spans = _list_spans(path)
    if span is not None and span not in spans:
        known = ", ".join(str(known) for known in sorted(spans))
        raise IngestError(f"there is no span {span} of {path}.", f"There are: {known}.")
    passed_over: list[str] = []
    for number in sorted(spans, reverse=True) if span is None else [span]:
        folder = _only(number, spans[number])
        fault = _find_fault(folder, marker)
        if not fault:
            return Span(folder.data_path, number, tuple(passed_over))
        if span is not None or (fault == _EMPTY and empty_span == "fail"):
            raise IngestError(f"span {number} ({folder.path}) {fault}.", _advise(fault))
        passed_over.append(f"span {number} {fault}")
    raise IngestError(
        f"no span of {path} can be used: {_some(passed_over)}.",
        "Put files into the newest, and the marker if data.span_marker is set.",
    )


def _list_spans(path: str) -> dict[int, list[_Folder]]:
    before, _, after = path.partition(SPAN_PLACEHOLDER)
    parent, _, prefix = before.rpartition("/")
    suffix, slash, below = after.partition("/")
    pattern = re.compile(re.escape(prefix) + f"({_NUMBER})" + re.escape(suffix), re.ASCII)
    spans: defaultdict[int, list[_Folder]] = defaultdict(list)
    for entry in list_entries(parent or ("/" if before.startswith("/") else ".")):
        match = pattern.fullmatch(entry.name)
        if match and entry.is_folder:
            folder = _Folder(entry.name, entry.path, entry.path + slash + below)
            spans[int(match[1].replace("-", ""))].append(folder)
    if not spans:
        raise IngestError(
            f"no folder matches {path}; {SPAN_PLACEHOLDER} stands for a number or a date.",
            f"Name the folder of the first data {prefix}1{suffix}, of the next {prefix}2{suffix}; "
            f"or {prefix}2026-11-30{suffix}.",
        )
    return spans


def _only(number: int, folders: list[_Folder]) -> _Folder:
    if len(folders) > 1:
        names = " and ".join(folder.name for folder in folders)
        raise IngestError(f"{names} are both span {number}.", "Rename or remove one of them.")
    return folders[0]


def _find_fault(folder: _Folder, marker: str | None) -> str | None:
    """Why a span cannot be taken, in words, or None."""
    files = [entry.name for entry in list_entries(folder.path) if not entry.is_folder]
    if marker and marker not in files:
        return f"has no {marker}"
    return None if _has_data(folder.data_path, marker) else _EMPTY


def _has_data(path: str, marker: str | None) -> bool:
    """Whether a folder or those in it have a file besides the marker, or a file is there."""
    parent, _, name = path.rstrip("/").rpartition("/")
    try:
        entry = next(one for one in storage.list_folder(parent) if one.name == name)
    except (FileNotFoundError, StopIteration):
        return False
    return not entry.is_folder or any(name != marker for name, _ in walk_files(entry.path))


def _advise(fault: str) -> str:
    if fault != _EMPTY:
        return "It is not complete: wait for its marker, or take another span."
    return (
        "Wait until it has its data, name another in data.span, or write data.empty_span: skip to "
        "take the newest that has files."
    )


def _some(passed_over: list[str], most: int = 3) -> str:
    more = len(passed_over) - most
    return ", ".join(passed_over[:most]) + (f" and {more} more" if more > 0 else "")
