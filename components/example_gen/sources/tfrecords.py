"""Images that come as tf.Examples in TFRecord files."""

import gzip
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import google_crc32c
import tensorflow as tf

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, Listing, list_entries
from components.example_gen.sources.split_settings import SplitSettings
from components.printable import printable

_HEADER = struct.Struct("<QI")  # length of the record, masked CRC of these 8 bytes
_CRC_BYTES = 4
_CRC_MASK = 0xA282EAD8
_GZIP_SIGNATURE = b"\x1f\x8b"


_CHUNK_BYTES = 1024**2
_IN_NAME = "tfrecord"


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
    for name in named:
        split = _split_of(name, splits)
        if splits.are_named and split is None:
            listing.unused.append(name)
            continue
        path = unpack(files[name], unpack_folder)
        listing.images += [
            Found(printable(f"{name}#{number}"), path, None, split, *record)
            for number, record in enumerate(list_records(path))
        ]
    _check_splits(root, named, splits, listing)
    return listing


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
        IngestError: If the file is not a TFRecord file or is truncated.
        OSError: If it cannot be read.
    """
    size = storage.file_facts(path).bytes
    position = 0
    while position < size:
        header = storage.read_bytes(path, position, _HEADER.size)
        length = _record_length(header)
        end = position + _HEADER.size + (length or 0) + _CRC_BYTES
        if length is None or end > size:
            raise IngestError(
                f"{path} is damaged at byte {position:,} of {size:,}, or not a TFRecord file.",
                "Write it again, or remove it from the folder.",
            )
        yield Record(position + _HEADER.size, length)
        position = end


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
    """
    if storage.read_bytes(path, 0, 2) != _GZIP_SIGNATURE:
        return path
    tf.io.gfile.makedirs(folder)
    number = len(tf.io.gfile.listdir(folder))  # files of one name may be in several folders
    unpacked = storage.join(folder, f"{number:05d}-{os.path.basename(path)}")
    try:
        with (
            tf.io.gfile.GFile(path, "rb") as packed,
            gzip.GzipFile(fileobj=packed) as stream,
            tf.io.gfile.GFile(unpacked, "wb") as target,
        ):
            shutil.copyfileobj(stream, target, _CHUNK_BYTES)
    except (OSError, EOFError, tf.errors.OpError) as error:
        raise IngestError(f"{path} is damaged: {error}.", "Write it again.") from error
    return unpacked
