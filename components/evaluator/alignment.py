"""Both models on one list of classes, where each has a list of its own: for TFMA's accuracy."""

from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluator.metrics import BASELINE, CANDIDATE

UNKNOWN = b"(no model knows it)"


def align_extractor() -> tfma.extractors.Extractor:
    """The extractor that aligns; it stands after predictions and unbatching."""
    return tfma.extractors.Extractor(stage_name="AlignClasses", ptransform=beam.Map(align_classes))


def align_classes(extracts: dict[str, Any]) -> dict[str, Any]:
    """Gives all models' scores the same classes: the candidate's, the baseline's, one more.

    A class that a model does not know has the score 0; a label that none knows becomes the last
    class. TFMA looks labels up in each model's own list, and fails on one that is not there: on
    every new class, with a baseline that is older.

    Args:
        extracts: One example's; see `scores_of` for its predictions.

    Returns:
        The same, with the aligned scores and labels.
    """
    models = scores_of(extracts)
    known = list(dict.fromkeys(name for scores in models.values() for name in scores))
    aligned = {model: _spread(scores, known) for model, scores in models.items()}
    predictions = aligned if len(models) > 1 else aligned[CANDIDATE]
    labels = extracts[tfma.LABELS_KEY]
    if isinstance(labels, dict):
        labels = {model: _known_label(label, known) for model, label in labels.items()}
    else:
        labels = _known_label(labels, known)
    return {**extracts, tfma.PREDICTIONS_KEY: predictions, tfma.LABELS_KEY: labels}


def scores_of(extracts: dict[str, Any]) -> dict[str, dict[bytes, float]]:
    """What the models said of one example.

    Args:
        extracts: TFMA's; `predictions` holds `scores`, `[classes] float32`, and `classes`,
            `[classes]` bytes: of the one model, or of each by name where there are two.

    Returns:
        By model, the score of each class, in the model's order.
    """
    predictions = extracts[tfma.PREDICTIONS_KEY]
    by_model = predictions if CANDIDATE in predictions else {CANDIDATE: predictions}
    return {
        model: dict(
            zip(
                by_model[model]["classes"].tolist(), by_model[model]["scores"].tolist(), strict=True
            )
        )
        for model in (CANDIDATE, BASELINE)
        if model in by_model
    }


def _spread(scores: dict[bytes, float], known: list[bytes]) -> dict[str, np.ndarray]:
    return {
        "scores": np.asarray([scores.get(name, 0.0) for name in known] + [0.0], np.float32),
        "classes": np.asarray([*known, UNKNOWN], object),
    }


def _known_label(label: np.ndarray, known: list[bytes]) -> np.ndarray:
    return label if np.ravel(label)[0] in known else np.full_like(label, UNKNOWN)
