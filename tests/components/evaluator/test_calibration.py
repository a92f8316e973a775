"""Expected calibration error, by hand."""

import pytest

from components.evaluator.calibration import expected_calibration_error


def test_scores_that_mean_what_they_say() -> None:
    assert expected_calibration_error([0.75] * 4, [True, True, True, False]) == 0


def test_scores_that_promise_too_much() -> None:
    assert expected_calibration_error([0.9] * 4, [True, False, True, False]) == pytest.approx(0.4)


def test_bins_do_not_make_up_for_each_other() -> None:
    # 0.95 and never right, 0.05 and always right: as a whole the mean score equals the share.
    error = expected_calibration_error([0.95, 0.05], [False, True])
    assert error == pytest.approx(0.95)


def test_both_ends_have_a_bin() -> None:
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0
    assert expected_calibration_error([0.0, 1.0], [True, False]) == 1


def test_fifteen_bins_closed_above() -> None:
    # 1/15 is in the first bin with 0.01; a hair more is in the second, where nothing makes up.
    assert expected_calibration_error([1 / 15, 0.01], [False, False]) == pytest.approx(
        (1 / 15 + 0.01) / 2
    )
    apart = expected_calibration_error([1 / 15 + 1e-6, 0.01], [False, True])
    assert apart == pytest.approx((1 / 15 + 0.99) / 2, abs=1e-5)


def test_no_images_no_error() -> None:
    assert expected_calibration_error([], []) == 0
