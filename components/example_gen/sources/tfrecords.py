"""Images that come as tf.Examples in TFRecord files."""

import gzip
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import google_crc32c
import tensorflow as tf

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, Listing, list_entries
from components.example_gen.sources.split_settings import SplitSettings
from components.format import size
from components.printable import printable

_HEADER = struct.Struct("<QI")  # length of the record, masked CRC of these 8 bytes
_CRC_BYTES = 4
_CRC_MASK = 0xA282EAD8
_GZIP_SIGNATURE = b"\x1f\x8b"

_CHUNK_BYTES = 1024**2
_IN_NAME = "tfrecord"

_MOST_EXPANSION = 100
"""How much larger a gzip file may be when it is unpacked.

Images are compressed already: those of cameras hardly shrink, and drawings stored as BMP to a
fiftieth. Gzip reaches 1,032.
"""
_UNPACKED_FLOOR_BYTES = 16 * 1024**2
"""What any gzip file may unpack to."""

SMALLEST_RECORD = 32
"""Bytes of a tf.Example below which it cannot hold an image: the smallest GIF alone has 26."""
MOST_TINY_RECORDS = 1000
"""How many records may be smaller; the run lists each. A file of 15 MB may have a million."""


class Record(NamedTuple):
    """Where a record lies in its file."""

    offset: int
    length: int


def list_tfrecords(root: str, splits: SplitSettings, unpack_folder: str) -> Listing:
    """Lists the records of all files below `root` that have `tfrecord` in their name.

    Splits that are names take the files whose names begin so, or those in the folder of that name.

    Args:
        root: The folder, `{SPAN}` already resolved.
        splits: The `data.splits` section.
        unpack_folder: A folder for compressed files, unpacked; it must exist until the end.

    Raises:
        IngestError: If there are no such files, or one is damaged.
    """
    listing = Listing()
    files = _list_files(root)
    named = [name for name in files if _IN_NAME in os.path.basename(name).lower()]
    listing.unused += sorted(files.keys() - named)
    if not named:
        raise IngestError(
            f"there is no TFRecord file in {root}.",
            f"Put {_IN_NAME!r} into the file names, as in images.tfrecord-00000-of-00001.",
        )
    tiny = 0
    for name in named:
        split = _split_of(name, splits)
        if splits.are_named and split is None:
            listing.unused.append(name)
            continue
        path, records = _open(files[name], unpack_folder)
        tiny += sum(record.length < SMALLEST_RECORD for record in records)
        if tiny > MOST_TINY_RECORDS:
            raise _too_many_tiny(root)
        shown = printable(name)
        listing.images += [
            Found(f"{shown}#{number}", path, None, split, *record)
            for number, record in enumerate(records)
        ]
    _check_splits(root, named, splits, listing)
    return listing


def _open(path: str, unpack_folder: str) -> tuple[str, list[Record]]:
    """Where the uncompressed records of a file are, and which there are."""
    try:
        unpacked = unpack(path, unpack_folder)
        return unpacked, list(list_records(unpacked))
    except OSError as error:
        raise IngestError(
            f"cannot read {path}: {error.strerror or error}.", "Remove it from the folder."
        ) from error


def _list_files(root: str) -> dict[str, str]:
    """Maps the names of all files in `root` and its folders to their paths."""
    files = {}
    for entry in list_entries(root):
        if entry.is_folder:
            below = [e for e in list_entries(entry.path) if not e.is_folder]
            files.update({f"{entry.name}/{e.name}": e.path for e in below})
        else:
            files[entry.name] = entry.path
    return files


def _split_of(name: str, splits: SplitSettings) -> str | None:
    """The split whose folder a file is in, or else the one with the longest fitting prefix."""
    prefixes = [(its, split) for split, its in splits.by_name.items() if isinstance(its, str)]
    folders = [split for prefix, split in prefixes if name.startswith(f"{prefix}/")]
    files = [(len(prefix), split) for prefix, split in prefixes if name.startswith(prefix)]
    return folders[0] if folders else max(files)[1] if files else None


def _check_splits(root: str, names: Sequence[str], splits: SplitSettings, listing: Listing) -> None:
    filled = {image.given_split for image in listing.images}
    for split, prefix in splits.by_name.items():
        if isinstance(prefix, str) and split not in filled:
            raise IngestError(
                f"data.splits.{split} is {prefix!r}, and no TFRecord file in {root} with a record "
                "in it begins so or is in a folder of that name.",
                f"There are: {', '.join(names[:20])}.",
            )


def list_records(path: str) -> Iterator[Record]:
    """Finds the records of an uncompressed TFRecord file, without reading them.

    TensorFlow reads TFRecords from the start only; the offsets let any worker read any record.

    Raises:
        IngestError: If the file is not a TFRecord file, is truncated, or has too many records
            that are too small for an image.
        OSError: If it cannot be read.
    """
    total = storage.file_facts(path).bytes
    position = tiny = 0
    while position < total:
        header = storage.read_bytes(path, position, _HEADER.size)
        length = _record_length(header)
        end = position + _HEADER.size + (length or 0) + _CRC_BYTES
        if length is None or end > total:
            raise IngestError(
                f"{path} is damaged at byte {position:,} of {total:,}, or not a TFRecord file.",
                "Write it again, or remove it from the folder.",
            )
        tiny += length < SMALLEST_RECORD
        if tiny > MOST_TINY_RECORDS:
            raise _too_many_tiny(path)
        yield Record(position + _HEADER.size, length)
        position = end


def _too_many_tiny(path: str) -> IngestError:
    return IngestError(
        f"more than {MOST_TINY_RECORDS:,} records in {path} are empty or smaller than "
        f"{SMALLEST_RECORD} bytes, which no image with a label is.",
        "Write the TFRecords again, or remove those that are not of images.",
    )


def _record_length(header: bytes) -> int | None:
    """Reads a record's header; None if its checksum is wrong."""
    if len(header) < _HEADER.size:
        return None
    length, expected = _HEADER.unpack(header)
    crc = google_crc32c.value(header[:8])
    masked = (((crc >> 15) | (crc << 17)) + _CRC_MASK) & 0xFFFFFFFF
    return int(length) if masked == expected else None


def unpack(path: str, folder: str) -> str:
    """Unpacks a compressed TFRecord file into `folder`; any other file stays where it is.

    A compressed file can be read from its start only, while images are read in any order.

    Returns:
        Where the uncompressed records are.

    Raises:
        IngestError: If the file is damaged, unpacks to too much, or the disk is full.
        OSError: If it cannot be read.
    """
    if storage.read_bytes(path, 0, 2) != _GZIP_SIGNATURE:
        return path
    tf.io.gfile.makedirs(folder)
    number = len(tf.io.gfile.listdir(folder))  # files of one name may be in several folders
    unpacked = storage.join(folder, f"{number:05d}.tfrecord")
    try:
        _write_unpacked(path, unpacked)
    except BaseException:
        with suppress(tf.errors.OpError):  # What it took of a full disk is free again.
            tf.io.gfile.remove(unpacked)
        raise
    return unpacked


def _write_unpacked(path: str, unpacked: str) -> None:
    most = max(_UNPACKED_FLOOR_BYTES, _MOST_EXPANSION * storage.file_facts(path).bytes)
    total = 0
    try:
        # Python's own file says in its error that the disk is full.
        is_local = not storage.is_remote(unpacked)
        with open(unpacked, "wb") if is_local else tf.io.gfile.GFile(unpacked, "wb") as target:
            for chunk in _read_unpacked(path):
                total += len(chunk)
                if total > most:
                    raise IngestError(
                        f"{path} unpacks to more than {size(most)}, {_MOST_EXPANSION} times its "
                        "size; images do not.",
                        "Remove it from the folder, or write it without compression.",
                    )
                target.write(chunk)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IngestError(
            f"cannot unpack {path} ({size(total)} so far) to {unpacked}: {reason}.",
            "Free space on that disk, or write the file without compression.",
        ) from error


def _read_unpacked(path: str) -> Iterator[bytes]:
    """Yields the contents of a gzip file in pieces.

    Raises:
        IngestError: If it is damaged or cannot be read.
    """
    try:
        with storage.open_file(path) as packed, gzip.GzipFile(fileobj=packed) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IngestError(f"{path} is damaged: {error}.", "Write it again.") from error
    except (OSError, tf.errors.OpError) as error:
        raise IngestError(
            f"cannot read {path}: {error}.", "Check that file and its disk."
        ) from error
