"""Metrics of the candidate beyond accuracy: by class, and how well its scores are calibrated."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.evaluator.predictions import Prediction

BINS = 15
"""Bins of equal width, as in Guo et al. 2017."""


def confusion_matrix(predictions: Sequence[Prediction], classes: Sequence[str]) -> np.ndarray:
    """Counts test images by true and predicted class; `classes` has every one of them.

    Returns:
        `[true class, predicted class] int64` numbers of images.
    """
    number = {name: index for index, name in enumerate(classes)}
    matrix = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(
        matrix,
        ([number[p.label] for p in predictions], [number[p.predicted] for p in predictions]),
        1,
    )
    return matrix


def measure_classes(
    predictions: Sequence[Prediction], classes: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Recall and precision of each class.

    Returns:
        By class: `recall`, the share of its images that are predicted as it; `precision`, the share
        of its predictions that are correct (both 0 to 1, None if it has no images or no
        predictions); `examples`.
    """
    examples = dict.fromkeys(classes, 0)
    correct, predicted = dict(examples), dict(examples)
    for prediction in predictions:
        examples[prediction.label] += 1
        predicted[prediction.predicted] += 1
        correct[prediction.label] += prediction.is_correct
    return {
        name: {
            "recall": _ratio(correct[name], examples[name]),
            "precision": _ratio(correct[name], predicted[name]),
            "examples": examples[name],
        }
        for name in classes
    }


def all_classes(predictions: Sequence[Prediction], known: Sequence[str]) -> list[str]:
    """The candidate's classes, in its order, then the other labels of the images, by name."""
    names = {name for p in predictions for name in (p.label, p.predicted)}
    return [*known, *sorted(names - set(known))]


def expected_calibration_error(
    scores: Sequence[float], is_correct: Sequence[bool], bins: int = BINS
) -> float:
    """The average difference between scores and the share of correct predictions.

    Images are put into bins by the score of their predicted class. In each bin the mean score is
    compared with the share of correct predictions; the differences are weighted by the images in
    the bin: Guo et al., "On Calibration of Modern Neural Networks" (2017, arXiv:1706.04599). Noise
    alone makes it larger than 0, the more so the fewer images: on 100 it says little.

    Args:
        scores: `[images]`, each one's score of the predicted class, 0 to 1.
        is_correct: `[images]`, whether the prediction is correct.
        bins: Number of bins.

    Returns:
        The error, 0 to 1; 0 without images.
    """
    values, correct = np.asarray(scores, np.float64), np.asarray(is_correct, np.float64)
    if not len(values):
        return 0.0
    # Bins are open below and closed above; the score 0 is in the first.
    numbers = np.clip(np.ceil(values * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(numbers, weights=values - correct, minlength=bins)
    return float(np.abs(gaps).sum() / len(values))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
