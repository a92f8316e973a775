"""Makes compressed TFRecord files readable from anywhere: they are unpacked for the run."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import tensorflow as tf

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfrecord.records import HEADER, record_length
from components.format import size

_GZIP_SIGNATURE = b"\x1f\x8b"
_CHUNK_BYTES = 1024**2

_MOST_EXPANSION = 100
"""How much larger a compressed file may be when it is unpacked.

Images are compressed already: those of cameras hardly shrink, and drawings stored as BMP to a
fiftieth. Deflate reaches 1,032.
"""
_UNPACKED_FLOOR_BYTES = 16 * 1024**2
"""What any compressed file may unpack to."""


def _is_compressed(start: bytes) -> bool:
    """Whether a file starts as gzip or zlib do, and not with a record whose checksum is right."""
    if len(start) < 2 or record_length(start) is not None:
        return False
    # RFC 1950: method 8 (deflate), a window of up to 32 KiB, and a multiple of 31.
    is_zlib = start[0] & 0x8F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
    return start[:2] == _GZIP_SIGNATURE or is_zlib


def unpack(path: str, folder: str) -> str:
    """Unpacks a compressed TFRecord file into `folder`; any other file stays where it is.

    A compressed file can be read from its start only, while images are read in any order.

    Returns:
        Where the uncompressed records are.

    Raises:
        IngestError: If the file is damaged, unpacks to too much, or the disk is full.
        OSError: If it cannot be read.
    """
    if not _is_compressed(storage.read_bytes(path, 0, HEADER.size)):
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
    """Yields the contents of a compressed file in pieces.

    Raises:
        IngestError: If it is damaged or cannot be read.
    """
    try:
        with storage.open_file(path) as packed:
            is_gzip = storage.read_bytes(path, 0, 2) == _GZIP_SIGNATURE
            yield from _read_gzip(packed) if is_gzip else _read_zlib(packed)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IngestError(f"{path} is damaged: {error}.", "Write it again.") from error
    except (OSError, tf.errors.OpError) as error:
        raise IngestError(
            f"cannot read {path}: {error}.", "Check that file and its disk."
        ) from error


def _read_gzip(packed: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=packed) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _read_zlib(packed: BinaryIO) -> Iterator[bytes]:
    stream = zlib.decompressobj()
    while chunk := packed.read(_CHUNK_BYTES):
        while chunk:
            yield stream.decompress(chunk, _CHUNK_BYTES)
            chunk = stream.unconsumed_tail
    yield stream.flush()
    if not stream.eof or stream.unused_data:
        raise EOFError("it continues after its end" if stream.eof else "it ends too early")
