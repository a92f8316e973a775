"""The candidate class by class: confusion matrix, recall, precision."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.evaluator.predictions import Prediction


def confusion_matrix(predictions: Sequence[Prediction], classes: Sequence[str]) -> np.ndarray:
    """Counts test images.

    Args:
        predictions: Of the test images.
        classes: Every label and every predicted class.

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
    """Measures each class.

    Returns:
        By class: `recall`, the share of its images that was found; `precision`, the share of what
        was taken for it that is it (both 0 to 1, None where there is nothing to share); `examples`.
    """
    examples = dict.fromkeys(classes, 0)
    found, taken = dict(examples), dict(examples)
    for prediction in predictions:
        examples[prediction.label] += 1
        taken[prediction.predicted] += 1
        found[prediction.label] += prediction.is_right
    return {
        name: {
            "recall": _ratio(found[name], examples[name]),
            "precision": _ratio(found[name], taken[name]),
            "examples": examples[name],
        }
        for name in classes
    }


def all_classes(predictions: Sequence[Prediction], known: Sequence[str]) -> list[str]:
    """The candidate's classes, in its order, then what else is told of the images, by name."""
    told = {name for p in predictions for name in (p.label, p.predicted)}
    return [*known, *sorted(told - set(known))]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
