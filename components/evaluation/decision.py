"""What the Evaluator measured and decided, read from its artifact and put in words."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma

from components.evaluation.metrics import ACCURACY, BASELINE, CANDIDATE, TOLERANCE
from components.evaluation.settings import GateSettings

DECISION_FILE = "decision.json"


def read_decision(evaluation_uri: str, gate: GateSettings, classes: Sequence[str]) -> dict:
    """Reads the Evaluator's output.

    Args:
        evaluation_uri: Folder of the ModelEvaluation artifact.
        gate: The thresholds it was measured against.
        classes: The candidate's class names, in the order of its scores.

    Returns:
        `blessed` (bool), `reasons` (sentences, empty if blessed), `test_accuracy` and
        `baseline_accuracy` (0 to 1; None without a baseline), `test_examples`, and `classes`: for
        each class `precision`, `recall`, `auc` (0 to 1; None where undefined) and `confused_with`
        (number of its test pictures by predicted class).
    """
    blessed = bool(tfma.load_validation_result(evaluation_uri).validation_ok)
    metrics = _load_metrics(evaluation_uri)
    accuracy = float(metrics[CANDIDATE][None][ACCURACY])
    baseline = metrics.get(BASELINE)
    baseline_accuracy = float(baseline[None][ACCURACY]) if baseline else None
    return {
        "blessed": blessed,
        "reasons": [] if blessed else _explain(accuracy, baseline_accuracy, gate),
        "test_accuracy": accuracy,
        "baseline_accuracy": baseline_accuracy,
        "test_examples": int(metrics[CANDIDATE][None]["example_count"]),
        "classes": _per_class(metrics[CANDIDATE], classes),
    }


def write_decision(decision: dict, evaluation_uri: str) -> None:
    """Keeps the decision beside the metrics it was made from."""
    with tf.io.gfile.GFile(f"{evaluation_uri}/{DECISION_FILE}", "w") as file:
        json.dump(decision, file, indent=2)


def _explain(accuracy: float, baseline: float | None, gate: GateSettings) -> list[str]:
    reasons = []
    if accuracy < gate.min_accuracy - TOLERANCE:
        reasons.append(
            f"test accuracy {accuracy:.4f} is below gate.min_accuracy {gate.min_accuracy:g} "
            f"by {gate.min_accuracy - accuracy:.4f}"
        )
    if baseline is not None and accuracy < baseline - gate.max_drop - TOLERANCE:
        reasons.append(
            f"test accuracy {accuracy:.4f} is {baseline - accuracy:.4f} below the last "
            f"blessed model ({baseline:.4f}); gate.max_drop allows {gate.max_drop:g}"
        )
    return reasons or ["the Evaluator did not bless the model; its log says why"]


def _load_metrics(evaluation_uri: str) -> dict[str, dict[int | None, dict[str, Any]]]:
    """Metrics by model, then by class id (None: over all classes), then by name."""
    metrics: dict[str, dict[int | None, dict[str, Any]]] = {}
    # A single evaluated model has no name in TFMA's output; of two, each has its own.
    for record in tfma.load_metrics(evaluation_uri):
        for entry in record.metric_keys_and_values:
            if entry.key.is_diff:
                continue
            class_id = entry.key.sub_key.class_id.value if entry.key.HasField("sub_key") else None
            by_class = metrics.setdefault(entry.key.model_name or CANDIDATE, {})
            by_class.setdefault(class_id, {})[entry.key.name] = _value(entry.value)
    return metrics


def _value(value: Any) -> Any:
    kind = value.WhichOneof("type")
    if kind in ("double_value", "int64_value"):
        return getattr(value, kind).value
    return getattr(value, kind)


def _per_class(
    metrics: dict[int | None, dict[str, Any]], classes: Sequence[str]
) -> dict[str, dict[str, Any]]:
    confusion = _confusion_matrix(metrics[None], len(classes))
    actual, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        name: {
            "precision": _ratio(confusion[i, i], predicted[i]),
            "recall": _ratio(confusion[i, i], actual[i]),
            "auc": _number(metrics.get(i, {}).get("auc")),
            "confused_with": {
                other: int(confusion[i, j])
                for j, other in enumerate(classes)
                if confusion[i, j] and i != j
            },
        }
        for i, name in enumerate(classes)
    }


def _confusion_matrix(metrics: dict[str, Any], size: int) -> np.ndarray:
    """`[actual class, predicted class] int64` numbers of test pictures."""
    matrix = np.zeros((size, size), np.int64)
    counts = metrics["multi_class_confusion_matrix_at_thresholds"]
    for entry in counts.matrices[0].entries:
        if 0 <= entry.actual_class_id < size and 0 <= entry.predicted_class_id < size:
            matrix[entry.actual_class_id, entry.predicted_class_id] = round(
                entry.num_weighted_examples
            )
    return matrix


def _ratio(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
