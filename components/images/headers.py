"""Sizes of WebP and TIFF images from their headers.

Pillow's readers of the two allocate, or read, as much as a header asks for, before they say how
large the image is.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from components.images.formats import HeaderError


class Size(NamedTuple):
    """How large an image is, as its pixels are stored."""

    width: int
    height: int
    pixels: int
    """How many pixels a decoder may touch."""


def measure_webp(contents: bytes) -> Size:
    """Measures a WebP, an animated one as its canvas (RFC 9649, sections 2.5 to 2.7).

    Raises:
        HeaderError: If there is no header.
    """
    kind, data = contents[12:16], contents[20:30]
    if len(data) < 10:
        raise HeaderError("it ends before its size")
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        width, height = 1 + bits % 2**14, 1 + (bits >> 14) % 2**14
    elif kind == b"VP8 ":
        width, height = (size % 2**14 for size in struct.unpack("<HH", data[6:10]))
    else:
        raise HeaderError(f"its first chunk is {kind!r}")
    return Size(width, height, width * height)


_MOST_PARTS = 2**17
"""Strips or tiles of a TIFF; Pillow keeps half a kilobyte of each."""
_SUBFILE, _DNG_VERSION = 254, 50706
_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 322, 323
_PARTS = (273, 324)  # where the strips, or the tiles, begin
_DIRECTORIES = (34665, 34853, 40965)  # Exif, GPS, interoperability
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
"""Of a value, by its type (TIFF 6.0, section 2)."""


class _Entry(NamedTuple):
    tag: int
    number: int
    """Of values."""
    bytes: int
    value: int
    """The value, where it is one number of 16 or 32 bits; else where the values begin."""


def measure_tiff(contents: bytes) -> Size:
    """Measures the first page of a TIFF (TIFF 6.0, sections 2 and 15).

    Raises:
        HeaderError: If the header is malformed, or would take more memory to read than the file.
    """
    try:
        order = {b"II": "<", b"MM": ">"}[contents[:2]]
        (start,) = struct.unpack_from(f"{order}I", contents, 4)
        entries = list(_entries(contents, order, start))
        _check_entries(contents, order, entries)
        tags = {entry.tag: entry for entry in entries}
        width, height = tags[_WIDTH].value, tags[_HEIGHT].value
    except (struct.error, KeyError) as error:
        raise HeaderError("its tags are malformed") from error
    pixels = width * height
    if _TILE_WIDTH in tags and _TILE_HEIGHT in tags:
        wide, high = tags[_TILE_WIDTH].value or 1, tags[_TILE_HEIGHT].value or 1
        pixels = -(-width // wide) * wide * -(-height // high) * high
    return Size(width, height, pixels)


def is_camera_raw(contents: bytes) -> bool:
    """Whether the first page of a TIFF is a preview, behind which cameras keep what they measured.

    Args:
        contents: A TIFF that `measure_tiff` could measure.
    """
    order = "<" if contents.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", contents, 4)
    tags = {entry.tag: entry.value for entry in _entries(contents, order, start)}
    return _DNG_VERSION in tags or bool(tags.get(_SUBFILE, 0) & 1)


def has_more_pages(contents: bytes) -> bool:
    """Whether a TIFF, which `measure_tiff` could measure, has pages behind the first."""
    order = "<" if contents.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", contents, 4)
    (count,) = struct.unpack_from(f"{order}H", contents, start)
    return any(contents[start + 2 + 12 * count :][:4])


def _entries(contents: bytes, order: str, start: int) -> Iterator[_Entry]:
    (count,) = struct.unpack_from(f"{order}H", contents, start)
    end = min(start + 2 + 12 * count, len(contents) - 11)
    for at in range(start + 2, end, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", contents, at)
        (value,) = struct.unpack_from(f"{order}H" if kind == 3 else f"{order}I", contents, at + 8)
        yield _Entry(tag, number, number * _BYTES.get(kind, 0), value)


def _check_entries(contents: bytes, order: str, entries: list[_Entry]) -> None:
    """Checks what Pillow would read: each tag of a small file may claim all of it as its value."""
    directories = {entry.tag: entry.value for entry in entries if entry.tag in _DIRECTORIES}
    inner = [
        entry
        for start in directories.values()
        if start < len(contents) - 2
        for entry in _entries(contents, order, start)
    ]
    if sum(entry.bytes for entry in entries + inner) > len(contents):
        raise HeaderError("its tags take more than the file")
    parts = max((entry.number for entry in entries if entry.tag in _PARTS), default=0)
    if parts > _MOST_PARTS:
        raise HeaderError(f"has {parts:,} strips or tiles; {_MOST_PARTS:,} are allowed")
