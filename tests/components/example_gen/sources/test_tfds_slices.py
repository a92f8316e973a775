"""What slices stand for, and what is said of those that stand for nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow_datasets as tfds

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfds_slices import describe_unused, resolve_slices, whole_splits


@pytest.fixture
def splits(pets: Path) -> Mapping[str, Any]:
    """The splits of a dataset: train with 200 records, test with 60."""
    info: Any = tfds.builder_from_directory(str(pets / "pets" / "1.0.0")).info
    splits: Mapping[str, Any] = info.splits
    return splits


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("train", [("train", 0, 200)]),
        ("train[:40%]", [("train", 0, 80)]),
        ("train[33.3%:]", [("train", 67, 200)]),
        ("train[10:20]", [("train", 10, 20)]),
        ("train[-5%:]", [("train", 190, 200)]),
        ("train[-20:-10]", [("train", 180, 190)]),
        ("train[:10%] + test[50:]", [("train", 0, 20), ("test", 50, 60)]),
        ("all", [("train", 0, 200), ("test", 0, 60)]),
    ],
)
def test_resolves(splits: Mapping[str, Any], text: str, records: list[Any]) -> None:
    assert [part[:3] for part in resolve_slices({"train": text}, splits)] == records


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("trian", "Unknown split 'trian'. Should be one of ['train', 'test']."),
        ("trian[:5]", "Unknown split 'trian'. Should be one of ['train', 'test']."),
        ("train[:40", "Unrecognized split format: 'train[:40'."),
        ("", "Unrecognized split format: ''."),
        ("train[5]", "Absolute or percent only support slice syntax."),
        ("train[:500]", "Requested slice [:500] incompatible with 200 examples."),
        ("train[:140%]", "When unit=%, percent slice boundaries should be in [-100, 100]. "),
        ("all[:5]", "'all' does not support slice."),
        ("train[:0%]", "there are no records in it."),
        ("train[50:49]", "there are no records in it."),
    ],
)
def test_invalid_slices(splits: Mapping[str, Any], text: str, problem: str) -> None:
    with pytest.raises(IngestError) as error:
        resolve_slices({"validation": text}, splits)
    assert error.value.message.startswith(f"data.splits.validation is {text!r}: {problem}")
    assert error.value.hint is not None
    assert error.value.hint.startswith(
        "The dataset's splits: train (200 records), test (60 records). A slice is written train, "
        "train[:80%], train[1000:2000], train[-10%:]"
    )


@pytest.mark.parametrize(
    ("texts", "shared"),
    [
        (
            {"train": "train[:50%]", "test": "train[40%:]"},
            "data.splits.train 'train[:50%]' and data.splits.test 'train[40%:]' share 20 records "
            "of train.",
        ),
        ({"train": "all", "test": "test"}, "share 60 records of test."),
        ({"train": "train+train[:5]", "test": "test"}, "share 5 records of train."),
    ],
)
def test_slices_that_overlap(splits: Mapping[str, Any], texts: dict[str, str], shared: str) -> None:
    with pytest.raises(IngestError) as error:
        resolve_slices(texts, splits)
    assert error.value.message.endswith(shared)


def test_records_that_are_left_over(splits: Mapping[str, Any]) -> None:
    assert describe_unused(whole_splits(splits), splits) == []
    parts = resolve_slices({"train": "train[:10]+train[20:30]"}, splits)
    assert describe_unused(parts, splits) == [
        "train: 180 of 200 records",
        "test: 60 of 60 records",
    ]
