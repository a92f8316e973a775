"""Finds the records of a TFRecord file, without reading them."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import google_crc32c

from components import storage
from components.example_gen.sources.errors import IngestError

HEADER = struct.Struct("<QI")
"""The length of a record, and the masked CRC of these 8 bytes."""
_CRC_BYTES = 4
_CRC_MASK = 0xA282EAD8

SMALLEST_RECORD = 32
"""Bytes of a tf.Example below which it cannot hold an image: the smallest GIF alone has 26."""
MOST_TINY_RECORDS = 1000
"""How many records may be smaller; the run lists each. A file of 15 MB may have a million."""


class Record(NamedTuple):
    """Where a record lies in its file."""

    offset: int
    length: int


def list_records(path: str, name: str = "") -> Iterator[Record]:
    """Finds the records of an uncompressed TFRecord file, without reading them.

    TensorFlow reads TFRecords from the start only; the offsets let any worker read any record.

    Args:
        path: The file.
        name: What messages call it, where it is the copy of another file.

    Raises:
        IngestError: If the file is not a TFRecord file, is truncated, or has too many records
            that are too small for an image.
        OSError: If it cannot be read.
    """
    total = storage.file_facts(path).bytes
    position = tiny = 0
    while position < total:
        header = storage.read_bytes(path, position, HEADER.size)
        length = record_length(header)
        end = position + HEADER.size + (length or 0) + _CRC_BYTES
        if length is None or end > total:
            raise IngestError(
                f"{name or path} is damaged at byte {position:,} of {total:,}, or not a TFRecord "
                "file.",
                "Write it again, or remove it from the folder.",
            )
        tiny += length < SMALLEST_RECORD
        if tiny > MOST_TINY_RECORDS:
            raise too_many_tiny(name or path)
        yield Record(position + HEADER.size, length)
        position = end


def too_many_tiny(path: str) -> IngestError:
    """What to say of a file or folder with more than `MOST_TINY_RECORDS` of them."""
    return IngestError(
        f"more than {MOST_TINY_RECORDS:,} records in {path} are empty or smaller than "
        f"{SMALLEST_RECORD} bytes, which no image with a label is.",
        "Write the TFRecords again, or remove those that are not of images.",
    )


def record_length(header: bytes) -> int | None:
    """Reads a record's header; None if its checksum is wrong."""
    if len(header) < HEADER.size:
        return None
    length, expected = HEADER.unpack(header)
    crc = google_crc32c.value(header[:8])
    masked = (((crc >> 15) | (crc << 17)) + _CRC_MASK) & 0xFFFFFFFF
    return int(length) if masked == expected else None
