"""Whether a model's scores mean what they say."""

from collections.abc import Sequence

import numpy as np

BINS = 15
"""Bins of equal width, as in Guo et al. 2017."""


def expected_calibration_error(
    scores: Sequence[float], is_right: Sequence[bool], bins: int = BINS
) -> float:
    """How far scores lie from the share that is right, on average.

    Images are put into bins by the score of their predicted class. In each bin the mean score is
    held against the share of right predictions; the differences are weighted by the images in the
    bin: Guo et al., "On Calibration of Modern Neural Networks" (2017, arXiv:1706.04599). Chance
    alone makes it larger than 0, the more so the fewer images: of 100 it says little.

    Args:
        scores: `[images]`, each one's score of the predicted class, 0 to 1.
        is_right: `[images]`, whether the prediction was right.
        bins: Number of bins.

    Returns:
        The error, 0 to 1; 0 without images.
    """
    values, hits = np.asarray(scores, np.float64), np.asarray(is_right, np.float64)
    if not len(values):
        return 0.0
    # Bins are open below and closed above; the score 0 is in the first.
    numbers = np.clip(np.ceil(values * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(numbers, weights=values - hits, minlength=bins)
    return float(np.abs(gaps).sum() / len(values))
