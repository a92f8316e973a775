"""Resolves `{SPAN}` in a path: the newest data, or the requested one."""

import re
from typing import NamedTuple

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import list_entries

SPAN_PLACEHOLDER = "{SPAN}"


class Span(NamedTuple):
    """Where the data of a run are."""

    path: str
    number: int | None
    """None where the path has no `{SPAN}`."""


def resolve_span(path: str, span: int | None) -> Span:
    """Finds the folder of the span.

    Args:
        path: The `data.path`, with or without `{SPAN}`; leading zeros of the number do not matter.
        span: The one to take, or None for the newest, which is the highest number.

    Raises:
        IngestError: If there is no such folder.
    """
    if SPAN_PLACEHOLDER not in path:
        return Span(path, None)
    before, _, after = path.partition(SPAN_PLACEHOLDER)
    parent, _, prefix = before.rpartition("/")
    suffix, slash, below = after.partition("/")
    pattern = re.compile(re.escape(prefix) + r"(\d+)" + re.escape(suffix))
    matches = (
        (pattern.fullmatch(entry.name), entry)
        for entry in list_entries(parent or ("/" if before.startswith("/") else "."))
        if entry.is_folder
    )
    spans = {int(match[1]): entry.path + slash + below for match, entry in matches if match}
    if not spans:
        raise IngestError(
            f"no folder matches {path}; {SPAN_PLACEHOLDER} stands for a number.",
            f"Name the folder of the first data {prefix}1{suffix}, of the next {prefix}2{suffix}.",
        )
    number = max(spans) if span is None else span
    if number not in spans:
        known = ", ".join(str(known) for known in sorted(spans))
        raise IngestError(f"there is no span {number} of {path}.", f"There are: {known}.")
    return Span(spans[number], number)
