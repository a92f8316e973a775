"""What the models said of each test image, and the file that keeps it."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf

PREDICTIONS_FILE = "predictions.jsonl"

LABEL = "image/class/text"
NAME, FORMAT = "image/filename", "image/format"
HEIGHT, WIDTH = "image/height", "image/width"


@dataclass(frozen=True)
class Compared:
    """Both models' answers among the classes that both know.

    Attributes:
        predicted: The candidate's.
        baseline_predicted: The baseline's.
    """

    predicted: str
    baseline_predicted: str


@dataclass(frozen=True)
class Prediction:
    """One test image and what the candidate said of it.

    Attributes:
        name: The image's name, as in `image/filename`; empty where it has none.
        label: Its class.
        predicted: The class with the highest score.
        score: That score, 0 to 1; None where the scores are no finite numbers.
        label_score: Score of the label; 0 for a class that the candidate does not know.
        format: Of the file, as `jpeg`; None where the example does not say.
        height: In pixels; None where the example does not say.
        width: In pixels; None where the example does not say.
        compared: Answers to compare; None without a baseline, and where one of the models does not
            know the label.
        features: Values of the other features that the gate slices by.
    """

    name: str
    label: str
    predicted: str
    score: float | None
    label_score: float | None
    format: str | None = None
    height: int | None = None
    width: int | None = None
    compared: Compared | None = None
    features: Mapping[str, str | None] | None = None

    @property
    def is_right(self) -> bool:
        """Whether the candidate found the class, with scores that are numbers."""
        return self.predicted == self.label and self.score is not None


Scores = Mapping[str, float]
"""Score by class name, in the model's order."""


def build_prediction(
    features: Mapping[str, Any],
    candidate: Scores,
    baseline: Scores | None,
    slice_features: Iterable[str] = (),
) -> Prediction:
    """Puts together what is kept of one test image.

    Args:
        features: The example's features, `[values]` each.
        candidate: What the candidate said.
        baseline: What the baseline said, if there is one.
        slice_features: Names of further features to keep.
    """
    label = feature_text(features, LABEL) or ""
    predicted = _best(candidate)
    height, width = feature_text(features, HEIGHT), feature_text(features, WIDTH)
    kept = {name: feature_text(features, name) for name in slice_features}
    return Prediction(
        name=feature_text(features, NAME) or "",
        label=label,
        predicted=predicted,
        score=_finite(candidate, candidate[predicted]),
        label_score=_finite(candidate, candidate.get(label, 0.0)),
        format=feature_text(features, FORMAT),
        height=int(height) if height else None,
        width=int(width) if width else None,
        compared=None if baseline is None else _compare(label, candidate, baseline),
        features=kept or None,
    )


def feature_text(features: Mapping[str, Any], name: str) -> str | None:
    """A feature as text, its values joined by commas; None where the example has none."""
    values = features.get(name)
    listed = [] if values is None else np.ravel(values).tolist()
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in listed]
    return ", ".join(texts) if texts else None


def write_predictions(predictions: Iterable[Prediction], folder: str) -> None:
    """Writes `predictions.jsonl`, one image a line."""
    with tf.io.gfile.GFile(f"{folder}/{PREDICTIONS_FILE}", "w") as file:
        for prediction in predictions:
            file.write(to_json(prediction) + "\n")


def to_json(prediction: Prediction) -> str:
    """One line of `predictions.jsonl`."""
    return json.dumps(asdict(prediction))


def from_json(line: str) -> Prediction:
    """The prediction of one line."""
    values = json.loads(line)
    compared = values.pop("compared")
    return Prediction(**values, compared=Compared(**compared) if compared else None)


def _compare(label: str, candidate: Scores, baseline: Scores) -> Compared | None:
    if label not in candidate or label not in baseline:
        return None
    return Compared(
        predicted=_best({name: candidate[name] for name in candidate if name in baseline}),
        baseline_predicted=_best({name: baseline[name] for name in baseline if name in candidate}),
    )


def _best(scores: Scores) -> str:
    # A score that is no number is never the highest.
    return max(scores, key=lambda name: scores[name] if math.isfinite(scores[name]) else -1.0)


def _finite(scores: Scores, value: float) -> float | None:
    return float(value) if all(map(math.isfinite, scores.values())) else None
