"""Further information about images: columns of a manifest, or parts of their paths.

Each becomes a feature of the examples, and one of them may be the group whose images share a split.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Column, Found, Listing
from components.printable import printable

_INT64 = range(-(2**63), 2**63)


def infer_types(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Column]]:
    """Makes whole numbers, numbers or texts of each column, and leaves out empty values.

    Only what reads back as it was written is a whole number: `007` is a text.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    types = {name: _infer_type(row.get(name) for row in rows) for name in names}
    return [
        {name: types[name](value) for name, value in row.items() if not _is_missing(value)}
        for row in rows
    ]


def _infer_type(values: Iterable[Any]) -> Callable[[Any], Column]:
    known = [value for value in values if not _is_missing(value)]
    if all(_is_int(value) for value in known):
        return int
    if not all(_is_number(value) for value in known):
        return _text
    # Texts that differ stay apart: 1.1 and 1.10, or numbers of more digits than a float has.
    texts = {value for value in known if isinstance(value, str)}
    return float if len({float(text) for text in texts}) == len(texts) else _text


def _is_missing(value: Any) -> bool:
    return value is None or value == ""


def _is_int(value: Any) -> bool:
    is_written = isinstance(value, str) and bool(re.fullmatch(r"0|-?[1-9]\d*", value, re.ASCII))
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return (is_written or is_int) and int(value) in _INT64


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        has_zero_before = re.match(r"-?0\d", value)
        if has_zero_before or not re.fullmatch(r"[-+]?[\d.]+([eE][-+]?\d+)?", value, re.ASCII):
            return False
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def add_path_columns(listing: Listing, pattern: str) -> Listing:
    """Adds the named groups of a regular expression over each image's path.

    Raises:
        IngestError: If no path matches.
    """
    compiled = re.compile(pattern)
    matches = [compiled.search(image.name) for image in listing.images]
    if not any(matches):
        example = listing.images[0].name
        raise IngestError(
            f"data.group_pattern {pattern!r} matches no path, for example {printable(example)!r}.",
            "It is searched for in the path below data.path.",
        )
    columns = infer_types([match.groupdict() if match else {} for match in matches])
    images = [
        image._replace(columns={**image.columns, **of_path})
        for image, of_path in zip(listing.images, columns, strict=True)
    ]
    return replace(listing, images=images)


def set_groups(listing: Listing, column: str) -> Listing:
    """Makes the values of a column the groups; an image without one is a group of its own.

    Raises:
        IngestError: If no image has a value.
    """
    if not any(column in image.columns for image in listing.images):
        there_are = dict.fromkeys(name for image in listing.images for name in image.columns)
        raise IngestError(
            f"data.group is {column!r}, and no image has a value for it.",
            f"There are: {printable(', '.join(there_are))}."
            if there_are
            else "Add that column to the manifest, or name it in data.group_pattern.",
        )
    images = [image._replace(group=_group(image, column)) for image in listing.images]
    return replace(listing, images=images)


def _group(image: Found, column: str) -> str:
    value = image.columns.get(column)
    return "" if value is None else str(value)
