import pytest

from benchmarks.medians import Spread, ratio, rise, spread


def test_spread_is_median_and_ends() -> None:
    assert spread([3, 1, 2, 10]) == Spread(2.5, 1, 10)
    assert spread([7]) == Spread(7, 7, 7)
    assert spread([]) is None


def test_ratio_is_of_medians_with_the_rounds_own_spread() -> None:
    # A slow second round slows both: its ratio is that of the others.
    found = ratio([10, 20, 12], [40, 80, 40])
    assert found == Spread(12 / 40, 0.25, 0.3)


def test_ratio_pairs_rounds_as_far_as_both_have_them() -> None:
    assert ratio([600], [300, 200, 250]) == Spread(600 / 250, 2.0, 2.0)


@pytest.mark.parametrize(("ours", "theirs"), [([], [1]), ([1], []), ([1], [0])])
def test_no_ratio_without_both(ours: list[float], theirs: list[float]) -> None:
    assert ratio(ours, theirs) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([10, 12, 11], 0.2), ([10, 5, 6], 0.2), ([10, 8, 5], 0.0), ([10], 0.0), ([], 0.0)],
)
def test_rise_is_over_any_earlier_value(values: list[float], expected: float) -> None:
    assert rise(values) == pytest.approx(expected)
