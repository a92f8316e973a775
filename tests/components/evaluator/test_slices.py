"""Accuracy by class, format, size and other features."""

import pytest

from components.evaluator import slices
from components.evaluator.slices import SliceError, measure_slices, size_bucket
from tests.fakes.models.predictions import prediction


@pytest.mark.parametrize(
    ("height", "width", "bucket"),
    [
        (1, 1, "below 64x64"),
        (63, 65, "below 64x64"),
        (64, 64, "64x64 to 128x128"),
        (80, 200, "64x64 to 128x128"),
        (128, 128, "128x128 to 256x256"),
        (255, 256, "128x128 to 256x256"),
        (480, 640, "512x512 to 1024x1024"),
        (2048, 2048, "2048x2048 and more"),
        (9000, 9000, "2048x2048 and more"),
    ],
)
def test_size_buckets(height: int, width: int, bucket: str) -> None:
    assert size_bucket(height, width) == bucket


def test_by_class_format_and_size() -> None:
    images = [
        prediction("dogs", "dogs", format="jpeg", height=300, width=300),
        prediction("cats", "dogs", format="png", height=20, width=20),
        prediction("cats", "cats", format="jpeg"),
    ]
    rows = measure_slices(images, ["class", "format", "size"], 0.95)
    assert [(s["feature"], s["value"], s["accuracy"], s["examples"]) for s in rows] == [
        ("class", "cats", 0.5, 2),
        ("class", "dogs", 1.0, 1),
        ("format", "jpeg", 1.0, 2),
        ("format", "png", 0.0, 1),
        ("size", "below 64x64", 0.0, 1),
        ("size", "256x256 to 512x512", 1.0, 1),
        ("size", "(none)", 1.0, 1),
    ]
    low, high = rows[0]["interval"]
    assert 0 < low < 0.5 < high < 1


def test_size_buckets_are_sorted_by_size() -> None:
    sides = (3000, 1500, 600, 300, 200, 100, 10)
    images = [prediction("cats", "cats", height=side, width=side) for side in sides]
    values = [s["value"] for s in measure_slices(images, ["size"], 0.95)]
    assert values == [size_bucket(side, side) for side in reversed(sides)]


def test_by_any_feature() -> None:
    images = [
        prediction("cats", "cats", features={"camera": "A"}),
        prediction("cats", "dogs", features={"camera": "B"}),
        prediction("cats", "cats", features={"camera": None}),
    ]
    rows = measure_slices(images, ["camera"], 0.95)
    assert {s["value"]: s["accuracy"] for s in rows} == {"A": 1.0, "B": 0.0, "(none)": 1.0}


def test_a_feature_that_no_image_has_is_an_error() -> None:
    with pytest.raises(SliceError) as error:
        measure_slices([prediction("cats", "cats", features={"camra": None})], ["camra"], 0.95)
    assert error.value.message == "gate.slices names camra; no test image has that feature"
    assert error.value.hint is not None and "class, format, size" in error.value.hint


def test_rare_values_are_merged_into_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "MAX_VALUES", 2)
    images = [prediction("cats", "cats", features={"hash": value}) for value in "aabbcd"]
    rows = measure_slices(images, ["hash"], 0.95)
    assert [(s["value"], s["examples"]) for s in rows] == [("a", 2), ("b", 2), ("(others)", 2)]
