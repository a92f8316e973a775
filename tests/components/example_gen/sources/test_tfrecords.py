"""Images that come as tf.Examples."""

import gzip
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfrecords import unpack

Ingest = Callable[..., Any]
Encode = Callable[..., bytes]
Features = Mapping[str, bytes | int]


def example(features: Features) -> bytes:
    feature = {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        if isinstance(value, int)
        else tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        for name, value in features.items()
    }
    return bytes(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def write_records(path: Path, records: list[bytes], compression: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return path


@pytest.fixture
def records(encode: Encode) -> Callable[..., list[bytes]]:
    def build(seed: int, count: int = 60) -> list[bytes]:
        return [
            example(
                {"image/encoded": encode(seed + n), "image/class/text": b"cat" if n % 2 else b"dog"}
            )
            for n in range(count)
        ]

    return build


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_reads_records(
    tmp_path: Path, ingest: Ingest, records: Callable[..., list[bytes]], compression: str
) -> None:
    data = tmp_path / "data"
    write_records(data / "x.tfrecord-00000-of-00002", records(0), compression)
    write_records(data / "x.tfrecord-00001-of-00002", records(1000), compression)
    (data / "dataset_info.json").write_text(json.dumps({}))
    result = ingest(data, source="tfrecord")
    assert result.summary["found"] == result.summary["accepted"] == 120
    assert result.summary["classes"] == {"cat": 60, "dog": 60}
    assert result.summary["unused"] == ["dataset_info.json"]
    assert "x.tfrecord-00001-of-00002#59" in set.union(*map(result.names, result.split_names))


def test_numbers_are_labels_too(tmp_path: Path, ingest: Ingest, encode: Encode) -> None:
    rows = [example({"image/encoded": encode(n), "image/class/label": n % 2}) for n in range(60)]
    write_records(tmp_path / "data" / "x.tfrecord", rows)
    assert ingest(tmp_path / "data", source="tfrecord").summary["classes"] == {"0": 30, "1": 30}


def test_records_without_image_or_label_are_quarantined(
    tmp_path: Path, ingest: Ingest, encode: Encode, records: Callable[..., list[bytes]]
) -> None:
    bad = [
        b"\xff",
        example({"image/encoded": encode(1)}),
        example({"image/encoded": encode(1), "image/class/text": b"two\nlines"}),
        example({"image/encoded": b"nothing", "image/class/text": b"cat"}),
    ]
    write_records(tmp_path / "data" / "x.tfrecord", bad + records(0))
    result = ingest(tmp_path / "data", source="tfrecord", max_bad_fraction=0.1)
    assert result.reasons == {
        "x.tfrecord#0": "not_an_example",
        "x.tfrecord#1": "not_an_example",
        "x.tfrecord#2": "not_an_example",
        "x.tfrecord#3": "not_an_image",
    }


@pytest.mark.parametrize("names", [("train-1", "val-1"), ("train/1", "val/1")])
def test_splits_by_prefix_or_folder(
    tmp_path: Path, ingest: Ingest, records: Callable[..., list[bytes]], names: tuple[str, str]
) -> None:
    data = tmp_path / "data"
    write_records(data / f"{names[0]}.tfrecord", records(0, 20))
    write_records(data / f"{names[1]}.tfrecord", records(1000))
    splits = {
        "train": "train",
        "validation": "val",
        "test": {"from": "validation", "fraction": 0.5},
    }
    result = ingest(data, source="tfrecord", splits=splits)
    assert result.summary["splits"]["train"] == 20
    splits["test"] = "test"
    with pytest.raises(IngestError, match="data.splits.test is 'test', and no TFRecord file in"):
        ingest(data, source="tfrecord", splits=splits)


def test_no_tfrecords(tmp_path: Path, ingest: Ingest) -> None:
    (tmp_path / "images.zip").touch()
    with pytest.raises(IngestError, match="there is no TFRecord file in"):
        ingest(tmp_path, source="tfrecord")


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_a_truncated_file_is_named(
    tmp_path: Path, ingest: Ingest, records: Callable[..., list[bytes]], compression: str
) -> None:
    path = write_records(tmp_path / "data" / "x.tfrecord", records(0), compression)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IngestError, match="x.tfrecord is damaged"):
        ingest(tmp_path / "data", source="tfrecord")


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_not_a_regular_file_is_refused(tmp_path: Path, ingest: Ingest, kind: str) -> None:
    path = tmp_path / "x.tfrecord"
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            listener.bind(str(path))
        else:
            path.symlink_to("/dev/zero")
        with pytest.raises(IngestError, match=rf"cannot read .*x.tfrecord: is a .*{kind}"):
            ingest(tmp_path, source="tfrecord")


def test_a_missing_file_is_named(tmp_path: Path, ingest: Ingest) -> None:
    (tmp_path / "x.tfrecord").symlink_to("gone")
    with pytest.raises(IngestError, match=r"cannot read .*x.tfrecord: No such file"):
        ingest(tmp_path, source="tfrecord")


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


@pytest.mark.parametrize("files", [1, 3])
def test_empty_records_do_not_become_a_million_entries(
    tmp_path: Path, ingest: Ingest, files: int
) -> None:
    for number in range(files):
        write_records(tmp_path / f"{number}.tfrecord", [b""] * (1200 // files))
    with pytest.raises(IngestError, match=r"more than 1,000 records in .* are empty or smaller"):
        ingest(tmp_path, source="tfrecord")
