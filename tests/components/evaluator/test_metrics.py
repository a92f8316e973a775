"""Expected calibration error, compared with results by hand."""

import pytest

from components.evaluator.metrics import expected_calibration_error


def test_calibrated_scores() -> None:
    assert expected_calibration_error([0.75] * 4, [True, True, True, False]) == 0


def test_overconfident_scores() -> None:
    assert expected_calibration_error([0.9] * 4, [True, False, True, False]) == pytest.approx(0.4)


def test_errors_of_bins_do_not_cancel() -> None:
    # 0.95 and never correct, 0.05 and always correct: over both, the mean score equals the share.
    error = expected_calibration_error([0.95, 0.05], [False, True])
    assert error == pytest.approx(0.95)


def test_scores_0_and_1_have_a_bin() -> None:
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0
    assert expected_calibration_error([0.0, 1.0], [True, False]) == 1


def test_fifteen_bins_include_their_upper_edge() -> None:
    # 1/15 is in the first bin with 0.01; slightly more is in the second, where nothing cancels.
    assert expected_calibration_error([1 / 15, 0.01], [False, False]) == pytest.approx(
        (1 / 15 + 0.01) / 2
    )
    apart = expected_calibration_error([1 / 15 + 1e-6, 0.01], [False, True])
    assert apart == pytest.approx((1 / 15 + 0.99) / 2, abs=1e-5)


def test_without_images_the_error_is_0() -> None:
    assert expected_calibration_error([], []) == 0
