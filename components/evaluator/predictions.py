"""What the models predicted for each test image, and the file with all predictions."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components.artifacts import PREDICTIONS_FILE
from components.feature_keys import FILENAME, FORMAT, HEIGHT, LABEL, SHA256, WIDTH


@dataclass(frozen=True)
class ComparedPrediction:
    """Both models' predictions among the classes that both know."""

    predicted: str
    baseline_predicted: str


@dataclass(frozen=True)
class Prediction:
    """One test image and what the candidate predicted.

    Attributes:
        name: The image's name, as in `image/filename`; empty if it has none.
        label: Its class.
        predicted: The class with the highest score.
        score: That score, 0 to 1; None if the scores are not finite.
        label_score: Score of the label; 0 for a class that the candidate does not know.
        format: Of the file, such as `jpeg`; None if the example does not say.
        height: In pixels; None if the example does not say.
        width: In pixels; None if the example does not say.
        compared: Predictions to compare; None without a baseline, and if one of the models does
            not know the label.
        features: Values of the other features that the gate slices by.
        sha256: Of the image, in hex; None if the example does not say.
    """

    name: str
    label: str
    predicted: str
    score: float | None
    label_score: float | None
    format: str | None = None
    height: int | None = None
    width: int | None = None
    compared: ComparedPrediction | None = None
    features: Mapping[str, str | None] | None = None
    sha256: str | None = None

    @property
    def is_correct(self) -> bool:
        """Whether the candidate predicted the label, with finite scores."""
        return self.predicted == self.label and self.score is not None


Scores = Mapping[str, float]
"""Score by class name, in the model's order."""


def build_prediction(
    features: Mapping[str, Any],
    candidate: Scores,
    baseline: Scores | None,
    slice_features: Iterable[str] = (),
) -> Prediction:
    """Builds the record of one test image from features of `[values]` each."""
    label = feature_text(features, LABEL) or ""
    predicted = _best(candidate)
    height, width = feature_text(features, HEIGHT), feature_text(features, WIDTH)
    kept = {name: feature_text(features, name) for name in slice_features}
    return Prediction(
        name=feature_text(features, FILENAME) or "",
        label=label,
        predicted=predicted,
        score=_finite(candidate, candidate[predicted]),
        label_score=_finite(candidate, candidate.get(label, 0.0)),
        format=feature_text(features, FORMAT),
        height=int(height) if height else None,
        width=int(width) if width else None,
        compared=None if baseline is None else _compare(label, candidate, baseline),
        features=kept or None,
        sha256=feature_text(features, SHA256),
    )


def feature_text(features: Mapping[str, Any], name: str) -> str | None:
    """A feature as text, its values joined by commas; None if the example has none."""
    values = features.get(name)
    listed = [] if values is None else np.ravel(values).tolist()
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in listed]
    return ", ".join(texts) if texts else None


def write_predictions(predictions: Iterable[Prediction], folder: str) -> None:
    """Writes `predictions.jsonl`, one image per line."""
    with tf.io.gfile.GFile(f"{folder}/{PREDICTIONS_FILE}", "w") as file:
        for prediction in predictions:
            file.write(to_json(prediction) + "\n")


def to_json(prediction: Prediction) -> str:
    """One line of `predictions.jsonl`."""
    return json.dumps(asdict(prediction))


def from_json(line: str) -> Prediction:
    """Parses one line of `predictions.jsonl`."""
    values = json.loads(line)
    compared = values.pop("compared")
    return Prediction(**values, compared=ComparedPrediction(**compared) if compared else None)


def _compare(label: str, candidate: Scores, baseline: Scores) -> ComparedPrediction | None:
    if label not in candidate or label not in baseline:
        return None
    return ComparedPrediction(
        predicted=_best({name: candidate[name] for name in candidate if name in baseline}),
        baseline_predicted=_best({name: baseline[name] for name in baseline if name in candidate}),
    )


def _best(scores: Scores) -> str:
    # A score that is not finite is never the highest.
    return max(scores, key=lambda name: scores[name] if math.isfinite(scores[name]) else -1.0)


def _finite(scores: Scores, value: float) -> float | None:
    return float(value) if all(map(math.isfinite, scores.values())) else None
