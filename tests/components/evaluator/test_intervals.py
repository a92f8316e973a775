"""Confidence intervals, compared with published figures and at the extremes."""

import pytest

from components.evaluator.intervals import paired_interval, wilson_interval


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Table I of Newcombe, "Two-sided confidence intervals for the single proportion" (1998).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval(count: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(count, total, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_all_or_none_ends_there() -> None:
    assert wilson_interval(20, 20, 0.95)[1] == 1.0
    assert wilson_interval(0, 20, 0.95)[0] == 0.0
    assert 0 < wilson_interval(20, 20, 0.95)[0] < 1


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe 1998 on paired data, Table II, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        # Altman et al., Statistics with Confidence (2000), Table 6.2.
        ((14, 5, 0, 22), 0.0115, 0.2265),
        # Bentur et al. (2009), as in Fagerland et al., Statistical Analysis of Contingency Tables.
        ((1, 1, 7, 12), -0.507, -0.0256),
    ],
)
def test_paired_interval(table: tuple[int, int, int, int], low: float, high: float) -> None:
    assert paired_interval(*table, 0.95) == pytest.approx((low, high), abs=6e-4)


def test_swapping_the_models_mirrors_the_interval() -> None:
    low, high = paired_interval(80, 3, 9, 8, 0.95)
    assert paired_interval(80, 9, 3, 8, 0.95) == pytest.approx((-high, -low))


@pytest.mark.parametrize("table", [(20, 0, 0, 0), (0, 0, 0, 20), (18, 0, 0, 2)])
def test_models_that_never_differ_still_have_an_interval(table: tuple[int, int, int, int]) -> None:
    low, high = paired_interval(*table, 0.95)
    assert low < 0 < high


def test_more_confidence_is_a_wider_interval() -> None:
    low, high = paired_interval(90, 1, 5, 4, 0.95)
    lower, higher = paired_interval(90, 1, 5, 4, 0.99)
    assert lower < low < high < higher
