"""The measurements compared with the thresholds: what failed, and by how much."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.evaluator.gate.change_verdict import ChangeVerdict, describe_uncertainty
from components.evaluator.gate.comparison import TOLERANCE, Comparison
from components.evaluator.intervals import Interval, wilson_interval
from components.evaluator.settings import GateSettings
from components.format import change_interval, share

_SHOWN_CLASSES = 5


@dataclass(frozen=True)
class Measurements:
    """A candidate on the test split.

    Attributes:
        accuracy: Share of the images that are classified correctly, 0 to 1.
        interval: Ends of its confidence interval.
        examples: Number of images.
        not_finite: Number of images whose scores are not finite.
        calibration_error: Expected calibration error, 0 to 1.
        classes: By class `recall` (0 to 1, or None) and `examples`.
        comparison: With the baseline, if there is one.
        change: What the comparison shows, if there is one.
    """

    accuracy: float
    interval: Interval
    examples: int
    not_finite: int
    calibration_error: float
    classes: Mapping[str, Mapping[str, Any]]
    comparison: Comparison | None
    change: ChangeVerdict | None


def find_refusal_reasons(measured: Measurements, gate: GateSettings) -> list[str]:
    """Why the model is refused, one sentence each; empty if it is good enough."""
    return [
        *_not_finite(measured),
        *_accuracy(measured, gate),
        *_recalls(measured, gate),
        *_calibration(measured, gate),
        *_drop(measured, gate),
    ]


def _not_finite(measured: Measurements) -> Iterator[str]:
    if measured.not_finite:
        yield (
            f"the scores of {measured.not_finite:,} of {measured.examples:,} test images "
            "are not finite"
        )


def _accuracy(measured: Measurements, gate: GateSettings) -> Iterator[str]:
    accuracy, bound = measured.accuracy, gate.min_accuracy
    if accuracy < bound - TOLERANCE:
        yield (
            f"test accuracy {share(accuracy, bound)} is below gate.min_accuracy {bound:g} "
            f"by {share(bound - accuracy, 0)}"
        )
    elif gate.min_accuracy_confidence is not None:
        correct = round(accuracy * measured.examples)
        sided = 2 * gate.min_accuracy_confidence - 1
        low, _ = wilson_interval(correct, measured.examples, sided)
        if low < bound - TOLERANCE:
            yield (
                f"test accuracy {share(accuracy, bound)} on {measured.examples:,} images shows "
                f"only {share(low, bound)} with a confidence of "
                f"{gate.min_accuracy_confidence:g} (gate.min_accuracy_confidence), which is below "
                f"gate.min_accuracy {bound:g}"
            )


def _recalls(measured: Measurements, gate: GateSettings) -> Iterator[str]:
    bound = gate.min_recall
    if bound is None:
        return
    low = sorted(
        (row["recall"], name, row["examples"])
        for name, row in measured.classes.items()
        if row["recall"] is not None and row["recall"] < bound - TOLERANCE
    )
    for recall, name, examples in low[:_SHOWN_CLASSES]:
        yield (
            f"recall of {name} {share(recall, bound)} "
            f"({round(recall * examples):,} of {examples:,}) "
            f"is below gate.min_recall {bound:g} by {share(bound - recall, 0)}"
        )
    if len(low) > _SHOWN_CLASSES:
        yield f"recall of {len(low) - _SHOWN_CLASSES:,} more classes is below gate.min_recall"


def _calibration(measured: Measurements, gate: GateSettings) -> Iterator[str]:
    bound = gate.max_calibration_error
    if bound is not None and measured.calibration_error > bound + TOLERANCE:
        error = measured.calibration_error
        yield (
            f"calibration error {share(error, bound)} is above gate.max_calibration_error "
            f"{bound:g} by {share(error - bound, 0)}"
        )


def _drop(measured: Measurements, gate: GateSettings) -> Iterator[str]:
    comparison, verdict = measured.comparison, measured.change
    if comparison is None or verdict is None:
        return
    if verdict.word == "worse":
        yield _describe_loss(measured, comparison, verdict, gate)
    elif verdict.word == "uncertain" and gate.when_uncertain == "refuse":
        uncertainty = describe_uncertainty(comparison, verdict, gate)
        yield f"{uncertainty}; gate.when_uncertain is refuse"


def _describe_loss(
    measured: Measurements, comparison: Comparison, verdict: ChangeVerdict, gate: GateSettings
) -> str:
    images = ""
    if comparison.examples != measured.examples:
        images = f" on the {comparison.examples:,} images that both can be compared on"
    return (
        f"test accuracy {share(comparison.accuracy)} is {share(-comparison.change, gate.max_drop)} "
        f"below the baseline ({share(comparison.baseline_accuracy)}){images}; gate.max_drop allows "
        f"{gate.max_drop:g}, and noise does not explain the rest ({gate.confidence:.0%} interval "
        f"of the change: {change_interval(verdict.interval)}; gate.loss_confidence is "
        f"{gate.loss_confidence:g})"
    )
