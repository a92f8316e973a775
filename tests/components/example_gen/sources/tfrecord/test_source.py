"""Images that come as tf.Examples."""

import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components import storage
from components.example_gen.driver import resolve
from components.example_gen.inspection import RECORD_MARGIN_BYTES, inspect_image
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, RecordFields
from components.images.check import Rejected
from components.images.limits import ImageLimits

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
        example({"image/encoded": encode(2), "image/class/text": b"caf\xe9"}),
        example({"image/encoded": encode(3), "image/class/text": b"caf\xe8"}),
    ]
    write_records(tmp_path / "data" / "x.tfrecord", bad + records(0))
    result = ingest(tmp_path / "data", source="tfrecord", max_bad_fraction=0.1)
    assert result.reasons == {
        "x.tfrecord#0": "not_an_example",
        "x.tfrecord#1": "not_an_example",
        "x.tfrecord#2": "not_an_example",
        "x.tfrecord#3": "not_an_image",
        "x.tfrecord#4": "not_an_example",
        "x.tfrecord#5": "not_an_example",
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


@pytest.mark.parametrize("files", [1, 3])
def test_empty_records_do_not_become_a_million_entries(
    tmp_path: Path, ingest: Ingest, files: int
) -> None:
    for number in range(files):
        write_records(tmp_path / f"{number}.tfrecord", [b""] * (1200 // files))
    with pytest.raises(IngestError, match=r"more than 1,000 records in .* are empty or smaller"):
        ingest(tmp_path, source="tfrecord")


@pytest.mark.parametrize(
    "name",
    ["01-192x192-230.tfrec", "train.record", "x.records-00000-of-00010", "x.record.gz", "A.TFREC"],
)
def test_names_that_others_use(
    tmp_path: Path, ingest: Ingest, records: Callable[..., list[bytes]], name: str
) -> None:
    write_records(tmp_path / "data" / name, records(0))
    assert ingest(tmp_path / "data", source="tfrecord").summary["accepted"] == 60


def test_names_that_are_not_of_tfrecords(tmp_path: Path, ingest: Ingest) -> None:
    for name in ("my.recordings", "records.csv", "x.recordio"):
        (tmp_path / name).touch()
    with pytest.raises(IngestError, match="there is no TFRecord file in"):
        ingest(tmp_path, source="tfrecord")


@pytest.mark.parametrize("compression", ["", "ZLIB"])
def test_flowers_as_on_kaggle(
    tmp_path: Path, ingest: Ingest, encode: Encode, compression: str
) -> None:
    """`image`, `class` and `id`; the test files have no class."""
    rows = [
        example({"image": encode(n, "JPEG"), "class": n % 2 + 48, "id": b"%d" % n})
        for n in range(80)
    ]
    write_records(tmp_path / "data" / "train" / "00-16x16-40.tfrec", rows[:40], compression)
    write_records(tmp_path / "data" / "val" / "00-16x16-40.tfrec", rows[40:], compression)
    unlabelled = [example({"image": encode(n, "JPEG"), "id": b"%d" % n}) for n in range(80, 90)]
    write_records(tmp_path / "data" / "test" / "00-16x16-10.tfrec", unlabelled, compression)
    labels = tmp_path / "data" / "labels.txt"
    labels.write_text("48: corn poppy\n49: daisy\n")
    result = ingest(
        tmp_path / "data",
        source="tfrecord",
        tfrecord={"image": "image", "label": "class", "label_file": str(labels)},
        splits={
            "train": "train",
            "validation": "val",
            "test": {"from": "validation", "fraction": 0.5},
        },
    )
    assert result.summary["classes"] == {"corn poppy": 40, "daisy": 40}
    assert result.summary["unused"] == ["test/00-16x16-10.tfrec"]


def test_files_of_tfds_read_as_they_are(pets: Path, ingest: Ingest) -> None:
    folder = pets / "pets" / "1.0.0"
    settings = {"image": "image", "label": "label", "label_file": f"{folder}/label.labels.txt"}
    result = ingest(folder, source="tfrecord", tfrecord=settings)
    assert result.summary["classes"] == {"cat": 130, "dog": 130}


def test_a_class_by_number_and_by_name(tmp_path: Path, ingest: Ingest, encode: Encode) -> None:
    """As the flowers of Google's TPU codelab: `class` is a number, `label` its name."""
    rows = [
        example({"image": encode(n), "class": n % 2, "label": [b"daisy", b"tulips"][n % 2]})
        for n in range(60)
    ]
    write_records(tmp_path / "data" / "x.tfrec", rows)
    for features in ({"label": "class", "text": "label"}, {"label": "label"}):
        settings = {"image": "image", **features}
        result = ingest(tmp_path / "data", source="tfrecord", tfrecord=settings)
        assert result.summary["classes"] == {"daisy": 30, "tulips": 30}


def test_numbers_that_the_label_file_does_not_name(
    tmp_path: Path, ingest: Ingest, encode: Encode
) -> None:
    rows = [example({"image/encoded": encode(n), "image/class/label": n % 3}) for n in range(90)]
    write_records(tmp_path / "data" / "x.tfrecord", rows)
    (tmp_path / "map.pbtxt").write_text("item { id: 1 name: 'a' } item { id: 2 name: 'b' }")
    settings = {"label_file": str(tmp_path / "map.pbtxt")}
    result = ingest(tmp_path / "data", source="tfrecord", tfrecord=settings, max_bad_fraction=0.5)
    assert result.summary["classes"] == {"a": 30, "b": 30}
    assert result.quarantine[0]["detail"] == "has label 0; the classes are 1 to 2"


def test_the_message_lists_the_features_there_are(
    tmp_path: Path, ingest: Ingest, encode: Encode
) -> None:
    rows = [example({"image": encode(n), "class": n % 2}) for n in range(60)]
    write_records(tmp_path / "data" / "x.tfrec", rows)
    with pytest.raises(IngestError, match="60 of 60 files cannot be used") as error:
        ingest(tmp_path / "data", source="tfrecord")
    assert (
        "needs one image/encoded and one image/class/text or image/class/label; it has class, "
        "image; data.tfrecord names its features" in str(error.value)
    )


def test_a_new_label_file_is_new_data(tmp_path: Path, records: Callable[..., list[bytes]]) -> None:
    write_records(tmp_path / "data" / "x.tfrecord", records(0))
    labels = tmp_path / "labels.txt"
    fingerprints = set()
    for text in ("a\nb\n", "a\nc\n"):
        labels.write_text(text)
        data, tfrecord = str(tmp_path / "data"), {"label_file": str(labels)}
        settings = {"source": "tfrecord", "path": data, "tfrecord": tfrecord}
        properties = {"settings": json.dumps(settings), "path": data}
        fingerprints.add(resolve(properties)["input_fingerprint"])
    assert len(fingerprints) == 2


def test_a_huge_record_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = b"a" * (RECORD_MARGIN_BYTES + 1001)
    path = write_records(tmp_path / "x.tfrecord", [record])
    found = Found("x.tfrecord#0", str(path), None, None, 12, len(record))
    monkeypatch.setattr(storage, "read_bytes", None)
    checked = inspect_image(found, ImageLimits(max_image_bytes=1000), RecordFields())
    assert checked.verdict == Rejected(
        "too_many_bytes", "a record of 1,049,577 bytes; data.max_image_bytes is 1,000"
    )
