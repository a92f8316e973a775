"""Which labels are probably wrong, by what the features of the other images say.

Every image is scored by a classifier that has not seen it (cross-validation). Confident learning
(arXiv:1911.00068, cleanlab) then says how many labels of each class are wrong, and which.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

_FOLDS = 5
_SHRINKAGE = 0.5
"""Of 1,000 flowers with 15 wrong labels, MobileNetV2's features of 160 pixels and 0.2 to 0.8, 0.5
finds 11 to 14 among the first 30; 0.2 finds 9 to 13, logistic regression 8 to 14 in five times
the time."""
_MOST_FEATURES = 2048
"""Longer vectors are projected at random: what is solved grows with the third power."""
_SCALES = np.geomspace(0.001, 10, 31, dtype=np.float32)


@dataclass(frozen=True)
class Suspect:
    """An image whose label is probably wrong.

    Attributes:
        row: Which of the images.
        suggested: The most probable class.
        score: Probability of its own class, 0 to 1.
    """

    row: int
    suggested: int
    score: float


def find_suspects(features: np.ndarray, labels: np.ndarray, classes: int) -> list[Suspect]:
    """Finds the labels that are probably wrong.

    Args:
        features: `[images, features] float32`.
        labels: `[images] int64`, each below `classes`.
        classes: Number of classes.

    Returns:
        The least probable label first.
    """
    # Imports scikit-learn and pandas.
    from cleanlab.filter import find_label_issues

    probabilities = cross_validate(features, labels, classes)
    rows = find_label_issues(
        labels,
        probabilities,
        filter_by="prune_by_noise_rate",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return [
        Suspect(int(row), int(probabilities[row].argmax()), float(probabilities[row, labels[row]]))
        for row in rows
    ]


def cross_validate(features: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The probability of each class for each image, by a classifier that did not see the image.

    A linear discriminant analysis with a shrunken covariance, which has a closed form; the scores
    of all folds are scaled by one temperature (arXiv:1706.04599).

    Args:
        features: `[images, features] float32`.
        labels: `[images] int64`.
        classes: Number of classes.

    Returns:
        `[images, classes] float32`; each row sums to 1.
    """
    features = _shorten(features - features.mean(axis=0))
    folds = _assign_folds(labels)
    logits = np.empty((len(labels), classes), np.float32)
    for fold in range(_FOLDS):
        seen, unseen = folds != fold, folds == fold
        weights, bias = _fit(features[seen], labels[seen], classes)
        logits[unseen] = features[unseen] @ weights + bias
    return _calibrate(logits, labels)


def _assign_folds(labels: np.ndarray) -> np.ndarray:
    """Each class is spread over all folds."""
    folds = np.empty(len(labels), np.int64)
    folds[np.argsort(labels, kind="stable")] = np.arange(len(labels)) % _FOLDS
    return folds


def _shorten(features: np.ndarray) -> np.ndarray:
    if features.shape[1] <= _MOST_FEATURES:
        return features
    shape = features.shape[1], _MOST_FEATURES
    projection = np.random.default_rng(0).standard_normal(shape, np.float32)
    return features @ projection / np.sqrt(_MOST_FEATURES, dtype=np.float32)


def _fit(features: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights `[features, classes]` and bias `[classes]` of the discriminant analysis."""
    counts = np.bincount(labels, minlength=classes).astype(np.float32)
    means = np.zeros((classes, features.shape[1]), np.float32)
    np.add.at(means, labels, features)
    means /= np.maximum(counts, 1)[:, np.newaxis]
    within = features - means[labels]
    covariance = (1 - _SHRINKAGE) / len(labels) * (within.T @ within)
    mean_variance = np.square(within).sum() / within.size
    covariance.flat[:: len(covariance) + 1] += _SHRINKAGE * max(mean_variance, 1e-12)
    weights = np.linalg.solve(covariance, means.T)
    # A class without an image in the other folds counts as half an image.
    prior = np.log(np.maximum(counts, 0.5) / len(labels))
    return weights, prior - 0.5 * np.sum(means.T * weights, axis=0)


def _calibrate(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probabilities at the scale at which the labels are most likely."""
    rows = np.arange(len(labels))
    losses = [-log_softmax(logits * scale, axis=1)[rows, labels].mean() for scale in _SCALES]
    return np.asarray(np.exp(log_softmax(logits * _SCALES[np.argmin(losses)], axis=1)))
