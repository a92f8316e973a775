"""Splits by a hash of the bytes."""

import hashlib
from collections import Counter
from typing import Any

import pytest

from components.example_gen.sources.split_settings import SplitSettings
from components.example_gen.split import assign_split, hash_to_unit

DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000)]


def assign(splits: dict[str, Any], given_split: str | None = None) -> list[str]:
    settings = SplitSettings.model_validate(splits)
    return [assign_split(digest, settings, given_split) for digest in DIGESTS]


def test_hash_is_uniform() -> None:
    tenths = Counter(int(hash_to_unit(digest) * 10) for digest in DIGESTS)
    assert len(tenths) == 10
    assert all(900 < count < 1100 for count in tenths.values())


def test_fractions_are_kept() -> None:
    counts = Counter(assign({"train": 0.7, "validation": 0.2, "test": 0.1}))
    assert counts["train"] == pytest.approx(7000, rel=0.03)
    assert counts["validation"] == pytest.approx(2000, rel=0.06)
    assert counts["test"] == pytest.approx(1000, rel=0.1)


def test_test_stays_when_train_and_validation_change() -> None:
    before = assign({"train": 0.7, "validation": 0.2, "test": 0.1})
    after = assign({"train": 0.8, "validation": 0.1, "test": 0.1})
    assert [s == "test" for s in before] == [s == "test" for s in after]


def test_carves_from_its_source_only() -> None:
    splits = {
        "train": "train",
        "validation": "val",
        "test": {"from": "validation", "fraction": 0.25},
    }
    assert set(assign(splits, "train")) == {"train"}
    counts = Counter(assign(splits, "validation"))
    assert counts["test"] == pytest.approx(2500, rel=0.06)
    assert counts["validation"] == 10_000 - counts["test"]


def test_two_splits_carved_from_one() -> None:
    carve = {"from": "train", "fraction": 0.1}
    counts = Counter(assign({"train": "all", "validation": carve, "test": carve}, "train"))
    assert counts["train"] == pytest.approx(8000, rel=0.03)
    assert counts["validation"] == pytest.approx(1000, rel=0.1)
    assert counts["test"] == pytest.approx(1000, rel=0.1)
