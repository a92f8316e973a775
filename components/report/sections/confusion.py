"""The confusion matrix, and which classes are confused most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.artifacts import DECISION_FILE
from components.report.inputs.sources import Sources

MOST_CLASSES = 20
MOST_PAIRS = 10


@dataclass(frozen=True)
class Confusion:
    """The part of the confusion matrix that is shown.

    Attributes:
        classes: The classes shown: all, or those involved in most mistakes.
        counts: `[true class, predicted class]` numbers of test images.
        shares: The same as shares of the images of the true class, 0 to 1.
        number_of_classes: Number of all classes.
        pairs: The most frequent mistakes: true class, predicted class, number.
    """

    classes: Sequence[str]
    counts: Sequence[Sequence[int]]
    shares: Sequence[Sequence[float]]
    number_of_classes: int
    pairs: Sequence[tuple[str, str, int]]


def read_confusion(sources: Sources) -> Confusion | None:
    """Reads it; None if the Evaluator did not run or wrote no matrix."""
    decision = sources.read_json("evaluation", DECISION_FILE) or {}
    matrix: Mapping | None = decision.get("confusion_matrix")
    if not matrix or not matrix["classes"]:
        return None
    classes = matrix["classes"]
    counts = np.asarray(matrix["counts"], np.int64)
    chosen = most_confused(counts)
    of_true = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    part = np.ix_(chosen, chosen)
    return Confusion(
        classes=[classes[index] for index in chosen],
        counts=counts[part].tolist(),
        shares=(counts / of_true)[part].tolist(),
        number_of_classes=len(classes),
        pairs=_pairs(classes, counts),
    )


def most_confused(counts: np.ndarray) -> np.ndarray:
    """Indices, sorted, of the `MOST_CLASSES` in most mistakes, as label or prediction."""
    wrong = counts - np.diag(np.diag(counts))
    mistakes = wrong.sum(axis=0) + wrong.sum(axis=1)
    return np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])


def _pairs(classes: Sequence[str], counts: np.ndarray) -> list[tuple[str, str, int]]:
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    cells = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [(classes[i], classes[j], int(wrong[i, j])) for i, j in cells if wrong[i, j]]
