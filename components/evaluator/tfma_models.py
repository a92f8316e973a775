"""The models as TFMA sees them: their names, the EvalConfig, and one list of classes for both."""

import json
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from components.feature_keys import LABEL

ACCURACY = "accuracy"
CANDIDATE, BASELINE = "candidate", "baseline"
UNKNOWN = b"(no model knows it)"


def build_tfma_config(signature: str, *, has_baseline: bool) -> tfma.EvalConfig:
    """Builds TFMA's configuration.

    TFMA runs the models and keeps their accuracy in its own files, for its own tools. It gets no
    thresholds: they take account of neither pairs nor noise. `components.evaluator.gate.decision`
    decides.

    The signature takes serialized tf.Examples.
    """
    names = [CANDIDATE, BASELINE] if has_baseline else [CANDIDATE]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                name=name, signature_name=signature, label_key=LABEL, is_baseline=name == BASELINE
            )
            for name in names
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name="ExampleCount"),
                    # With one prediction per image, recall is accuracy. TFMA also accepts Keras'
                    # accuracy, which AutoGraph rewrites: seconds for one number.
                    tfma.MetricConfig(
                        class_name="Recall", config=json.dumps({"name": ACCURACY, "top_k": 1})
                    ),
                ]
            )
        ],
    )


def align_extractor() -> tfma.extractors.Extractor:
    """The extractor that runs `align_classes`; it comes after predictions and unbatching."""
    return tfma.extractors.Extractor(stage_name="AlignClasses", ptransform=beam.Map(align_classes))


def align_classes(extracts: dict[str, Any]) -> dict[str, Any]:
    """Aligns all models' scores to one list: the candidate's classes, the baseline's, one more.

    A class that a model does not know has the score 0; a label that none knows becomes the last
    class. TFMA looks labels up in each model's own list and fails on one that is missing: on every
    new class, if the baseline is older.

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
    """The models' scores for one example.

    Args:
        extracts: TFMA's; `predictions` holds `scores`, `[classes] float32`, and `classes`,
            `[classes]` bytes: of the one model, or of each by name if there are two.

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
