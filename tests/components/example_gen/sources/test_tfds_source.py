"""Images of TFDS datasets, which TFDS itself writes here."""

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import RecordFields
from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.sources.tfds_source import list_tfds

Ingest = Callable[..., Any]
Encode = Callable[..., bytes]
Make = Callable[..., Any]
CLASSES = tfds.features.ClassLabel(names=["cat", "dog"])


def guide(train: str, validation: str, test: Any) -> dict[str, Any]:
    return {
        "source": "tfds",
        "name": "pets",
        "splits": {"train": train, "validation": validation, "test": test},
    }


def read_by_tfds(data_dir: Path, split: str) -> set[tuple[str, bytes]]:
    """Hash of the bytes and name of the class of every image that TFDS itself finds."""
    read = tfds.load(
        "pets",
        split=split,
        data_dir=str(data_dir),
        download=False,
        decoders={"image": tfds.decode.SkipDecoding()},
    )
    return {
        (hashlib.sha256(row["image"]).hexdigest(), [b"cat", b"dog"][row["label"]])
        for row in read.as_numpy_iterator()
    }


def read_by_us(result: Any, split: str) -> set[tuple[str, bytes]]:
    return {
        (hashlib.sha256(example["image/encoded"]).hexdigest(), example["image/class/text"])
        for example in result.examples(split)
    }


@pytest.mark.parametrize(
    "slices",
    [
        ("train[:40%]", "train[40%:50%]", "train[50%:60%]"),
        ("train[:80]", "train[-33:-3]", "test"),
        ("train[:33%]+test[:10]", "train[50%:66%]", "train[70%:]+test[-50%:]"),
        ("train", "test[0shard]", "test[1shard:]"),
    ],
)
def test_slices_hold_what_tfds_finds_in_them(
    pets: Path, ingest: Ingest, slices: tuple[str, str, str]
) -> None:
    result = ingest(pets, **guide(*slices))
    for split, text in zip(result.split_names, slices, strict=True):
        found = read_by_us(result, split)
        assert found == read_by_tfds(pets, text)
        assert len(found) == result.summary["splits"][split]
    assert result.summary["quarantined"] == 0


def test_records_in_no_slice_are_reported(pets: Path, ingest: Ingest) -> None:
    summary = ingest(pets, **guide("train[:40%]", "train[40%:50%]", "train[50%:60%]")).summary
    assert summary["found"] == summary["accepted"] == 120
    assert summary["unused"] == ["test: 60 of 60 records", "train: 80 of 200 records"]


def test_fractions_are_of_all_splits_together(pets: Path, ingest: Ingest) -> None:
    result = ingest(pets, source="tfds", name="pets:1.0.0")
    assert result.summary["found"] == result.summary["accepted"] == 260
    assert result.summary["classes"] == {"cat": 130, "dog": 130}
    assert result.summary["unused"] == []
    found = set.union(*(read_by_us(result, split) for split in result.split_names))
    assert found == read_by_tfds(pets, "all")


def test_carves_one_split_out_of_another(pets: Path, ingest: Ingest) -> None:
    carve = {"from": "validation", "fraction": 0.5}
    result = ingest(pets, **guide("train[:50%]", "train[50%:]", carve))
    assert result.summary["splits"]["train"] == 100
    assert 30 < result.summary["splits"]["test"] < 70
    carved = read_by_us(result, "test") | read_by_us(result, "validation")
    assert carved == read_by_tfds(pets, "train[50%:]")


def test_same_data_give_the_same_bytes(pets: Path, ingest: Ingest) -> None:
    one, other = (ingest(pets, source="tfds", name="pets") for _ in range(2))
    for split in one.split_names:
        pairs = zip(one.shards(split), other.shards(split), strict=True)
        assert all(a.name == b.name and a.read_bytes() == b.read_bytes() for a, b in pairs)


def test_what_is_wrong_with_a_record_is_quarantined(
    tmp_path: Path, ingest: Ingest, encode: Encode, make_tfds: Make, make_records: Make
) -> None:
    bad = [
        {"image": BytesIO(encode(1, "JPEG")[:300]), "label": 0},
        {"image": BytesIO(encode(2)), "label": -1},
    ]
    make_tfds(tmp_path / "tfds", {"train": [*make_records(10, 120), *bad]})
    result = ingest(tmp_path / "tfds", source="tfds", name="pets", max_bad_fraction=0.05)
    summary = result.summary
    assert summary["found"] == 122
    assert summary["accepted"] == 120
    assert summary["quarantined_by_reason"] == {"no_such_class": 1, "undecodable": 1}
    details = {row["reason"]: row["detail"] for row in result.quarantine}
    assert details["no_such_class"] == "has label -1; the classes are 0 to 1"
    assert all(row["path"].startswith("pets-train.tfrecord-0000") for row in result.quarantine)


@pytest.mark.parametrize(
    ("label", "values", "names"),
    [
        (tfds.features.Text(), ["red", "blue"], {"red", "blue"}),
        (np.int64, [7, 9], {"7", "9"}),
        (tfds.features.ClassLabel(num_classes=2), [0, 1], {"0", "1"}),
    ],
)
def test_labels_that_are_texts_or_numbers(
    tmp_path: Path, encode: Encode, make_tfds: Make, ingest: Ingest, label: Any, values: Any,
    names: set[str],
) -> None:  # fmt: skip
    rows = [{"photo": BytesIO(encode(n)), "kind": values[n % 2]} for n in range(60)]
    features = {"photo": tfds.features.Image(), "kind": label}
    data = make_tfds(tmp_path / "tfds", {"train": rows}, features, ("photo", "kind"))
    assert ingest(data, source="tfds", name="pets").summary["classes"].keys() == names


def test_the_newest_version_that_is_prepared(
    tmp_path: Path, make_tfds: Make, make_records: Make, ingest: Ingest
) -> None:
    for version, count in (("1.9.0", 60), ("1.10.0", 80)):
        make_tfds(tmp_path / "tfds", {"train": make_records(0, count)}, version=version)
    assert ingest(tmp_path / "tfds", source="tfds", name="pets").summary["found"] == 80
    assert ingest(tmp_path / "tfds", source="tfds", name="pets:1.9.0").summary["found"] == 60
    assert ingest(tmp_path / "tfds", source="tfds", name="pets:1.*.*").summary["found"] == 80


def failure(folder: Path, **settings: Any) -> str:
    with pytest.raises(IngestError) as error:
        list_tfds(str(folder), SplitSettings(**settings.get("splits", {})))
    assert error.value.hint
    return str(error.value)


@pytest.mark.parametrize(
    ("features", "keys", "expected"),
    [
        ({"text": tfds.features.Text(), "label": CLASSES}, ("text", "label"), "text (Text of "),
        (
            {"image": tfds.features.Image(), "boxes": tfds.features.Sequence(CLASSES)},
            None,
            "boxes (Sequence of int64), image (Image of uint8)",
        ),
        (
            {
                "image": tfds.features.Image(shape=(4, 4, 1), dtype=np.float32),
                "label": CLASSES,
            },
            None,
            "image (Image of float32), label (ClassLabel of int64)",
        ),
    ],
)
def test_a_dataset_without_labelled_images(
    tmp_path: Path, encode: Encode, make_tfds: Make, features: Any, keys: Any, expected: str
) -> None:
    values = {
        "text": "a",
        "label": 0,
        "boxes": [0],
        "image": np.zeros((4, 4, 1), np.float32) if "float32" in expected else BytesIO(encode(1)),
    }
    rows = [{name: values[name] for name in features}] * 3
    make_tfds(tmp_path, {"train": rows}, features, keys)
    message = failure(tmp_path / "pets" / "1.0.0")
    assert "pets/1.0.0 does not contain images with one class each; it has the features" in message
    assert expected in message
    assert "supervised keys, or are called image and label" in message


def test_other_features_stand_in_where_the_supervised_keys_do_not_fit(
    tmp_path: Path, encode: Encode, make_tfds: Make
) -> None:
    rows = [{"image": BytesIO(encode(n)), "label": 0, "mask": BytesIO(encode(n))} for n in range(3)]
    features = {"image": tfds.features.Image(), "label": CLASSES, "mask": tfds.features.Image()}
    make_tfds(tmp_path, {"train": rows}, features, ("image", "mask"))
    listing = list_tfds(str(tmp_path / "pets" / "1.0.0"), SplitSettings())
    assert listing.fields == RecordFields("image", "label", "label", {0: "cat", 1: "dog"})


def test_class_names_that_cannot_be_labels(
    tmp_path: Path, make_tfds: Make, make_records: Make
) -> None:
    make_tfds(tmp_path, {"train": make_records(0, 3)})
    folder = tmp_path / "pets" / "1.0.0"
    (folder / "label.labels.txt").write_text("cat\nc\x07t\n")
    assert r"has classes whose names cannot be labels: ['c\x07t']" in failure(folder)


def test_another_file_format(tmp_path: Path, make_tfds: Make, make_records: Make) -> None:
    make_tfds(tmp_path, {"train": make_records(0, 3)}, file_format="array_record")
    message = failure(tmp_path / "pets" / "1.0.0")
    assert "pets/1.0.0 is stored as array_record; only tfrecord can be read" in message
    assert "download_and_prepare(file_format='tfrecord')" in message


def test_an_incomplete_dataset(tmp_path: Path, make_tfds: Make, make_records: Make) -> None:
    make_tfds(tmp_path, {"train": make_records(0, 60), "test": make_records(100, 60)})
    folder = tmp_path / "pets" / "1.0.0"
    [shard] = folder.glob("pets-train*-00001-*")
    [other] = folder.glob("pets-test*-00000-*")
    other.write_bytes(b"")
    assert "00000-of-00003 has 0 records; its dataset_info.json says 20" in failure(folder)
    other.unlink()
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(IngestError, match="00001-of-00003 is damaged at byte"):
        slices = guide("train[:10]", "train[10:20]", "train[20:]")["splits"]
        list_tfds(str(folder), SplitSettings(**slices))
    shard.unlink()
    slices = guide("test[20:30]", "test[30:40]", "test[40:]")["splits"]
    assert f"cannot read {other}: No such file or directory." in failure(folder, splits=slices)


def test_a_damaged_description(tmp_path: Path, make_tfds: Make, make_records: Make) -> None:
    make_tfds(tmp_path, {"train": make_records(0, 3)})
    folder = tmp_path / "pets" / "1.0.0"
    info = json.loads((folder / "dataset_info.json").read_text())
    (folder / "dataset_info.json").write_text(json.dumps(info | {"splits": []}))
    assert "pets/1.0.0 has no records" in failure(folder)
    (folder / "dataset_info.json").write_text("{")
    assert f"cannot open the TFDS dataset in {folder}: " in failure(folder)
