"""Whether a model is good enough to go into service: from predictions to a decision."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from components.artifacts import DECISION_FILE
from components.evaluator.gate.change_verdict import (
    ChangeVerdict,
    describe_uncertainty,
    judge_change,
)
from components.evaluator.gate.comparison import Comparison
from components.evaluator.gate.refusal_reasons import Measurements, find_refusal_reasons
from components.evaluator.gate.unseen import Unseen
from components.evaluator.intervals import wilson_interval
from components.evaluator.metrics import (
    all_classes,
    confusion_matrix,
    expected_calibration_error,
    measure_classes,
)
from components.evaluator.predictions import Prediction
from components.evaluator.settings import GateSettings
from components.evaluator.slices import measure_slices
from components.format import count, interval, share

WORST = 10


def decide(
    unseen: Unseen,
    gate: GateSettings,
    classes: Sequence[str],
    comparison: Comparison | None = None,
    baseline_note: str | None = None,
) -> dict[str, Any]:
    """Decides whether to bless a model.

    Args:
        unseen: The test images that measure it, at least one.
        gate: The thresholds.
        classes: The candidate's class names.
        comparison: With the baseline, if there is one to compare with.
        baseline_note: Why the baseline was not compared, or how its classes differ.

    Returns:
        The contents of `decision.json`:

        `blessed` (bool), `text` (the decision in a line), `reasons` (why not, a sentence each),
        `notes` (further remarks), `warning` (what a blessed model is not shown to be, or None),
        `left_out_examples` (test images that the model it started from was trained on),
        `test_accuracy`, `test_examples`, `interval` (of the accuracy),
        every setting of the gate but `slices`,
        `baseline_accuracy`, `compared_accuracy`, `compared_examples` (baseline and candidate, on
        the images that both can be compared on), `change`, `change_interval` (compared),
        `change_verdict` (`worse`, `uncertain` or `no_worse`), `detectable_drop` (the true loss
        that these images would show in 8 of 10 nights), `images_to_decide` (int or None), all None
        without a comparison, `baseline_note` (text or None),
        `calibration_error`,
        `classes` {name: {recall, precision, examples}},
        `confusion_matrix` {classes, counts [[true x predicted]]},
        `slices` [{feature, value, accuracy, interval, examples}],
        `worst` [{name, label, predicted, score, label_score}], the ten worst images.

        Accuracies, scores, errors and the ends of intervals are 0 to 1, changes -1 to 1.
    """
    predictions = unseen.predictions
    correct, total = sum(p.is_correct for p in predictions), len(predictions)
    class_names = all_classes(predictions, classes)
    scored = [p for p in predictions if p.score is not None]
    measured = Measurements(
        accuracy=correct / total,
        interval=wilson_interval(correct, total, gate.confidence),
        examples=total,
        not_finite=total - len(scored),
        calibration_error=expected_calibration_error(
            [p.score or 0.0 for p in scored], [p.is_correct for p in scored]
        ),
        classes=measure_classes(predictions, class_names),
        comparison=comparison,
        change=judge_change(comparison, gate) if comparison else None,
    )
    reasons = [*find_refusal_reasons(measured, gate), *unseen.refusal_reasons(gate)]
    return {
        "blessed": not reasons,
        "text": describe(measured, blessed=not reasons),
        "reasons": reasons,
        "notes": [*unseen.notes(), *_notes(measured, gate)],
        "warning": None if reasons else _warning(measured, gate),
        "left_out_examples": unseen.total - total,
        "test_accuracy": measured.accuracy,
        "test_examples": total,
        "interval": list(measured.interval),
        **gate.model_dump(exclude={"slices"}),
        **_compared(comparison, measured.change),
        "baseline_note": baseline_note,
        "calibration_error": measured.calibration_error,
        "classes": measured.classes,
        "confusion_matrix": {
            "classes": class_names,
            "counts": confusion_matrix(predictions, class_names).tolist(),
        },
        "slices": measure_slices(predictions, gate.slices, gate.confidence),
        "worst": worst_images(predictions),
    }


def describe(measured: Measurements, *, blessed: bool) -> str:
    """The decision in one line.

    0.962 (0.953 to 0.970) on 2,000 images, baseline 0.957: blessed
    """
    accuracy = f"{share(measured.accuracy)} ({interval(measured.interval)})"
    text = f"{accuracy} on {count(measured.examples, 'image')}"
    comparison = measured.comparison
    if comparison is None:
        text += ", no baseline"
    else:
        text += f", baseline {share(comparison.baseline_accuracy)}"
        if comparison.examples != measured.examples:
            text += f" against {share(comparison.accuracy)} on {comparison.examples:,} of them"
    return f"{text}: {'blessed' if blessed else 'refused'}"


def worst_images(predictions: Sequence[Prediction], number: int = WORST) -> list[dict[str, Any]]:
    """The worst images first: mistakes before correct ones, each by the score of their label."""
    ordered = sorted(predictions, key=lambda p: (p.is_correct, p.label_score or 0.0, p.name))
    return [
        {
            "name": p.name,
            "label": p.label,
            "predicted": p.predicted,
            "score": p.score,
            "label_score": p.label_score,
        }
        for p in ordered[:number]
    ]


def write_decision(decision: Mapping[str, Any], evaluation_uri: str) -> None:
    """Writes the decision beside the metrics, one key per line: a confusion matrix may be large."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in decision.items()]
    with tf.io.gfile.GFile(f"{evaluation_uri}/{DECISION_FILE}", "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def _compared(comparison: Comparison | None, verdict: ChangeVerdict | None) -> dict[str, Any]:
    return {
        "baseline_accuracy": comparison.baseline_accuracy if comparison else None,
        "compared_accuracy": comparison.accuracy if comparison else None,
        "compared_examples": comparison.examples if comparison else None,
        "change": comparison.change if comparison else None,
        "change_interval": list(verdict.interval) if verdict else None,
        "change_verdict": verdict.word if verdict else None,
        "detectable_drop": verdict.detectable_drop if verdict else None,
        "images_to_decide": verdict.images_to_decide if verdict else None,
    }


def _warning(measured: Measurements, gate: GateSettings) -> str | None:
    comparison, verdict = measured.comparison, measured.change
    if comparison is None or verdict is None or verdict.word != "uncertain":
        return None
    if gate.when_uncertain != "warn":
        return None
    return describe_uncertainty(comparison, verdict, gate)


def _notes(measured: Measurements, gate: GateSettings) -> list[str]:
    unseen = [name for name, row in measured.classes.items() if not row["examples"]]
    if gate.min_recall is None or not unseen:
        return []
    named = ", ".join(unseen[:5]) + (f" and {len(unseen) - 5:,} more" if len(unseen) > 5 else "")
    return [f"gate.min_recall was not checked for {named}: the test split has no such image"]
