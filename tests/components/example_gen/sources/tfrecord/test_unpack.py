"""Compressed TFRecord files, unpacked for a run."""

import gzip
import os
import resource
import signal
import zlib
from pathlib import Path

import pytest
import tensorflow as tf

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfrecord.unpack import unpack


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "x.tfrecord"
    bomb.write_bytes(gzip.compress(bytes(20 * 1024**2), 1))
    with pytest.raises(IngestError, match=r"x.tfrecord unpacks to more than 16.8 MB"):
        unpack(str(bomb), str(tmp_path / "unpacked"))
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_images_that_gzip_shrinks_are_unpacked(tmp_path: Path) -> None:
    contents = bytes(range(256)) * 10_000
    (tmp_path / "x.tfrecord").write_bytes(gzip.compress(contents))
    unpacked = unpack(str(tmp_path / "x.tfrecord"), str(tmp_path / "unpacked"))
    assert Path(unpacked).read_bytes() == contents


def test_a_gzip_file_of_any_name_is_unpacked(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"x\xff.tfrecord")
    odd.write_bytes(gzip.compress(b"a"))
    assert Path(unpack(str(odd), str(tmp_path / "unpacked"))).read_bytes() == b"a"


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_damaged_gzip_file_is_named(tmp_path: Path, kept: float) -> None:
    contents = bytearray(gzip.compress(os.urandom(10_000)))
    contents[int(len(contents) * kept) :] = b"\xff" * 100
    (tmp_path / "x.tfrecord").write_bytes(contents)
    with pytest.raises(IngestError, match=r"x.tfrecord is damaged"):
        unpack(str(tmp_path / "x.tfrecord"), str(tmp_path / "unpacked"))


def test_a_full_disk_is_not_called_damage(tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(gzip.compress(os.urandom(100_000)))
    (tmp_path / "unpacked").mkdir()
    # As much as one more file may hold; /dev/full has no remove.
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(IngestError, match=r"cannot unpack .*: File too large") as error:
            unpack(str(tmp_path / "x.tfrecord"), str(tmp_path / "unpacked"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "damaged" not in str(error.value) and "Free space" in str(error.value)
    assert list((tmp_path / "unpacked").iterdir()) == []


def write_records(path: Path, records: list[bytes], **options: object) -> None:
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(**options)) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.parametrize(
    "options",
    [
        {"compression_type": "ZLIB"},
        {"compression_type": "ZLIB", "window_bits": 9, "compression_level": 9},
        {"compression_type": "ZLIB", "flush_mode": 3, "compression_level": 0},
        {"compression_type": "GZIP", "mem_level": 1, "compression_strategy": 2},
    ],
)
def test_what_tensorflow_compresses(tmp_path: Path, options: dict[str, object]) -> None:
    records = [os.urandom(size) for size in (0, 100, 3_000_000)]
    write_records(tmp_path / "plain.tfrecord", records)
    write_records(tmp_path / "packed.tfrecord", records, **options)
    unpacked = unpack(str(tmp_path / "packed.tfrecord"), str(tmp_path / "unpacked"))
    assert Path(unpacked).read_bytes() == (tmp_path / "plain.tfrecord").read_bytes()


@pytest.mark.parametrize("start", [b"\x1f\x8b", b"\x78\x9c", b"\x78\x01"])
def test_records_whose_length_looks_like_a_signature(tmp_path: Path, start: bytes) -> None:
    write_records(tmp_path / "x.tfrecord", [bytes(int.from_bytes(start, "little"))])
    assert (tmp_path / "x.tfrecord").read_bytes()[:2] == start
    assert unpack(str(tmp_path / "x.tfrecord"), str(tmp_path)) == str(tmp_path / "x.tfrecord")


@pytest.mark.parametrize("cut", ["short", "long"])
def test_a_damaged_zlib_file_is_named(tmp_path: Path, cut: str) -> None:
    contents = zlib.compress(os.urandom(10_000))
    damaged = contents[:-10] if cut == "short" else contents + b"more"
    (tmp_path / "x.tfrecord").write_bytes(damaged)
    with pytest.raises(IngestError, match=r"x.tfrecord is damaged: it (ends|continues)"):
        unpack(str(tmp_path / "x.tfrecord"), str(tmp_path / "unpacked"))


def test_a_zlib_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(zlib.compress(bytes(20 * 1024**2), 1))
    with pytest.raises(IngestError, match=r"x.tfrecord unpacks to more than 16.8 MB"):
        unpack(str(tmp_path / "x.tfrecord"), str(tmp_path / "unpacked"))
