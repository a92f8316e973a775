"""Splits by a hash of the bytes, with enough of each class in each."""

import hashlib
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.example_gen.sources.split_settings import SPLIT_NAMES, SplitSettings
from components.example_gen.split import Unit, assign_splits, hash_to_unit

DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000)]
FRACTIONS = {"train": 0.7, "validation": 0.15, "test": 0.15}
CARVED = {"train": "a", "validation": "b", "test": {"from": "validation", "fraction": 0.5}}


def assign(splits: dict[str, Any], given_split: str | None = None) -> list[str]:
    parsed = SplitSettings.model_validate(splits)
    units = [Unit(digest, {"cat": 1}) for digest in DIGESTS]
    assigned = assign_splits(units, parsed, given_split, least=2)
    return [assigned[digest] for digest in DIGESTS]


def divide(units: list[Unit], least: int = 2) -> dict[str, str]:
    return assign_splits(units, SplitSettings(), None, least)


def count(units: list[Unit], assigned: dict[str, str]) -> Counter[tuple[str, str]]:
    """Number of images by class and split."""
    counts: Counter[tuple[str, str]] = Counter()
    for unit in units:
        for label, images in unit.images.items():
            counts[label, assigned[unit.key]] += images
    return counts


def by_hash(key: str) -> str:
    position = hash_to_unit(key)
    return "test" if position < 0.15 else "validation" if position < 0.3 else "train"


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


@st.composite
def datasets(draw: st.DrawFn, most: int = 40) -> tuple[list[Unit], int]:
    """Classes that can be split, and the fewest images of each in a split; some have copies."""
    least = draw(st.integers(1, 4))
    units = []
    seed = draw(st.integers(0, 10**9))
    for label in "abc"[: draw(st.integers(1, 3))]:
        for number in range(draw(st.integers(3 * least, most))):
            key = hashlib.sha256(f"{seed} {label} {number}".encode()).hexdigest()
            copies = draw(st.sampled_from((1, 1, 1, 2)))
            units.append(Unit(key, {label: copies}))
    return units, least


@given(datasets())
@settings(max_examples=100)
def test_every_class_has_enough_everywhere(data: tuple[list[Unit], int]) -> None:
    units, least = data
    assigned = divide(units, least)
    assert assigned.keys() == {unit.key for unit in units}
    counts = count(units, assigned)
    labels = {label for unit in units for label in unit.images}
    assert all(counts[label, split] >= least for label in labels for split in SPLIT_NAMES)


@given(datasets(), st.randoms())
@settings(max_examples=30)
def test_the_order_does_not_matter(data: tuple[list[Unit], int], order: random.Random) -> None:
    units, least = data
    assert divide(order.sample(units, len(units)), least) == divide(units, least)


@given(datasets())
@settings(max_examples=50)
def test_hashes_decide_where_they_give_enough(data: tuple[list[Unit], int]) -> None:
    units, least = data
    home = {unit.key: by_hash(unit.key) for unit in units}
    counts = count(units, home)
    short = {
        label
        for unit in units
        for label in unit.images
        if any(counts[label, split] < least for split in SPLIT_NAMES)
    }
    assigned = divide(units, least)
    assert all(assigned[u.key] == home[u.key] for u in units if not short & u.images.keys())


@given(datasets(), st.integers(0, 10**9), st.integers(1, 30))
@settings(max_examples=100)
def test_growing_data_move_images_only_to_where_their_hash_has_them(
    data: tuple[list[Unit], int], seed: int, more: int
) -> None:
    """Those of a class of a handful may change places: its hashes may leave train itself short."""
    units, least = data
    assume(sum("a" in unit.images and by_hash(unit.key) == "train" for unit in units) >= 2 * least)
    added = [
        Unit(hashlib.sha256(f"new {seed} {number}".encode()).hexdigest(), {"a": 1})
        for number in range(more)
    ]
    before, after = divide(units, least), divide(units + added, least)
    moved = [unit for unit in units if before[unit.key] != after[unit.key]]
    assert all(unit.images.keys() == {"a"} for unit in moved)
    assert all(before[unit.key] != by_hash(unit.key) for unit in moved), moved


def test_small_classes_are_always_split() -> None:
    """Three classes of 30 were refused in a third of all draws, 102 of 40 always."""
    for classes, images in ((3, 30), (10, 30), (102, 40)):
        for draw in range(10):
            units = [
                Unit(f"{draw} {label} {number}", {str(label): 1})
                for label in range(classes)
                for number in range(images)
            ]
            counts = count(units, divide(units))
            assert len(counts) == 3 * classes
            assert min(counts.values()) >= 2


def test_a_class_without_enough_images_is_left_to_its_hashes() -> None:
    units = [Unit(str(number), {"rare": 1}) for number in range(5)]
    assert divide(units) == {unit.key: by_hash(unit.key) for unit in units}


def test_groups_of_several_classes() -> None:
    """As patients with both kinds of lesion: each class has enough everywhere."""
    for draw in range(50):
        units = [Unit(f"{draw} {n}", {"benign": 1 + n % 3, "malign": 1}) for n in range(15)]
        units += [Unit(f"{draw} {n} healthy", {"healthy": 2, "benign": 1}) for n in range(9)]
        counts = count(units, divide(units))
        assert len(counts) == 9
        assert min(counts.values()) >= 2
