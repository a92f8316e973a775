"""What counts as a loss or a gain beyond noise, at the bounds."""

import pytest

from components.evaluator.gate.comparison import compare, describe_class_difference
from tests.fakes.models.predictions import paired, prediction


def test_counts_image_by_image() -> None:
    comparison = compare(paired(both=14, gained=1, lost=3, neither=2))
    assert comparison is not None
    assert (comparison.examples, comparison.accuracy, comparison.baseline_accuracy) == (
        20,
        0.75,
        0.85,
    )
    assert comparison.change == pytest.approx(-0.1)
    assert comparison.interval(0.95)[0] < comparison.change < comparison.interval(0.95)[1]


def test_without_images_to_compare_there_is_no_comparison() -> None:
    assert compare([prediction("cats", "cats")]) is None


@pytest.mark.parametrize(
    ("lost", "of", "max_drop", "is_refused"),
    [
        # On 40 images, 5 that only the baseline gets right are noise; 7 are more than 1% beyond it.
        (5, 40, 0.01, False),
        (7, 40, 0.01, True),
        (7, 40, 0.1, False),
        # On 2,000, the same share is beyond noise; 10 are within what is accepted.
        (20, 2000, 0.01, False),
        (10, 2000, 0.0, True),
        (5, 2000, 0.0, False),
        (40, 2000, 0.01, True),
    ],
)
def test_within_noise_and_beyond_it(lost: int, of: int, max_drop: float, is_refused: bool) -> None:
    comparison = compare(paired(of - lost - 2, gained=0, lost=lost, neither=2))
    assert comparison is not None
    assert comparison.is_loss(max_drop, 0.975) is is_refused


def test_the_bound_is_the_upper_end_of_the_interval() -> None:
    comparison = compare(paired(1900, gained=10, lost=60, neither=30))
    assert comparison is not None
    end = comparison.interval(0.95)[1]
    assert not comparison.is_loss(-end, 0.975)
    assert comparison.is_loss(-end - 1e-6, 0.975)


def test_equal_models_are_neither_better_nor_worse() -> None:
    for table in ((20, 0, 0, 0), (16, 2, 2, 0), (10, 0, 0, 10)):
        comparison = compare(paired(*table))
        assert comparison is not None
        assert not comparison.is_loss(0.0, 0.975) and not comparison.is_gain(0.0, 0.95)


@pytest.mark.parametrize(
    ("gained", "max_drop", "is_gain"), [(40, 0.01, True), (20, 0.01, False), (20, 0.0, True)]
)
def test_a_gain_is_the_mirror_of_a_loss(gained: int, max_drop: float, is_gain: bool) -> None:
    gain = compare(paired(1950, gained, lost=0, neither=50 - gained))
    loss = compare(paired(1950, gained=0, lost=gained, neither=50 - gained))
    assert gain is not None and loss is not None
    assert gain.is_gain(max_drop, 0.95) is loss.is_loss(max_drop, 0.975) is is_gain
    assert not gain.is_loss(max_drop, 0.975) and not loss.is_gain(max_drop, 0.95)


def test_scores_that_are_not_finite_are_wrong() -> None:
    broken = [p.__class__(**{**vars(p), "score": None}) for p in paired(4, 0, 0, 0)]
    comparison = compare(broken)
    assert comparison is not None
    assert comparison.accuracy == 0 and comparison.baseline_accuracy == 1


@pytest.mark.parametrize(
    ("candidate", "baseline", "compared", "note"),
    [
        (["a", "b"], ["b", "a"], 9, None),
        (
            ["a", "b", "c"],
            ["a", "b"],
            1200,
            "the baseline does not know c: both were compared on the 1,200 test images "
            "of the classes that both know, each predicting among those",
        ),
        (
            ["a", "b"],
            ["a", "b", "c"],
            9,
            "the baseline knows c, which this model does not: both were compared on the 9 "
            "test images of the classes that both know, each predicting among those",
        ),
        (
            ["a"],
            ["b"],
            0,
            "the baseline does not know a and knows b, which this model does not: no test "
            "image is of a class that both know; decided without a comparison",
        ),
    ],
)
def test_different_classes_are_described(
    candidate: list[str], baseline: list[str], compared: int, note: str | None
) -> None:
    assert describe_class_difference(candidate, baseline, compared) == note


def test_many_different_classes_are_counted() -> None:
    note = describe_class_difference([f"c{n}" for n in range(9)], ["c0"], 3)
    assert note is not None and "does not know c1, c2, c3, c4, c5 and 3 more:" in note
