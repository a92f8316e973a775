"""Metrics on the test split: overall, against the baseline, by class and slice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from components import format
from components.artifacts import DECISION_FILE
from components.report.inputs.sources import Sources

MOST_ROWS = 20
CLASS = "class"
"""The feature whose slices are shown as the classes' intervals."""

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Measure:
    """A row of the table of metrics, as text; empty if unknown."""

    name: str
    value: str
    interval: str = ""
    bound: str = ""


@dataclass(frozen=True)
class ClassRow:
    """A class; values are None if it has no test images or was never predicted.

    Attributes:
        name: Its name.
        recall: Share of its images that are predicted as it, 0 to 1.
        interval: Confidence interval of the recall.
        precision: Share of its predictions that are correct, 0 to 1.
        examples: Number of its test images.
    """

    name: str
    recall: float | None
    interval: Sequence[float] | None
    precision: float | None
    examples: int | None


@dataclass(frozen=True)
class Slice:
    """The test images with the same value of a feature; shares are 0 to 1."""

    feature: str
    value: str
    accuracy: float | None
    interval: Sequence[float] | None
    examples: int | None


@dataclass(frozen=True)
class Metrics:
    """The Evaluator's measurements; a key that it did not write is None here.

    Attributes:
        accuracy: Share of the test images that is classified correctly, 0 to 1.
        interval: Confidence interval of the accuracy.
        examples: Number of test images.
        min_accuracy: Lowest accuracy that is blessed.
        confidence: Confidence level of the intervals, 0 to 1.
        baseline_accuracy: Accuracy of the baseline; None without one.
        baseline_note: Why the baseline was not compared, or how its classes differ.
        change: The model's accuracy less the baseline's.
        warning: What a blessed model is not shown to be.
        notes: Remarks on the decision.
        measures: The overall metrics as a table.
        classes: Those with the lowest recall.
        number_of_classes: Number of all classes.
        slices: All except the classes; if there are many, those with the lowest accuracy.
        number_of_slices: Number of all slices except the classes.
    """

    accuracy: float | None
    interval: Sequence[float] | None
    examples: int | None
    min_accuracy: float | None
    confidence: float
    baseline_accuracy: float | None
    baseline_note: str | None
    change: float | None
    warning: str | None
    notes: Sequence[str]
    measures: Sequence[Measure]
    classes: Sequence[ClassRow]
    number_of_classes: int
    slices: Sequence[Slice]
    number_of_slices: int


def read_metrics(sources: Sources) -> Metrics | None:
    """Reads them; None if the Evaluator did not run."""
    decision = sources.read_json("evaluation", DECISION_FILE)
    if decision is None:
        return None
    # Decisions of older releases lack thresholds, which the configuration has by the same names.
    decision = {**sources.configuration.get("gate", {}), **decision}
    change = _change(decision)
    slices = [_slice(row) for row in decision.get("slices") or []]
    intervals = {row.value: row.interval for row in slices if row.feature == CLASS}
    classes = [
        ClassRow(name, row.get("recall"), intervals.get(name), row.get("precision"),
                 row.get("examples"))
        for name, row in (decision.get("classes") or {}).items()
    ]  # fmt: skip
    others = [row for row in slices if row.feature != CLASS]
    return Metrics(
        accuracy=decision.get("test_accuracy"),
        interval=decision.get("interval"),
        examples=decision.get("test_examples"),
        min_accuracy=decision.get("min_accuracy"),
        confidence=decision.get("confidence", 0.95),
        baseline_accuracy=decision.get("baseline_accuracy"),
        baseline_note=decision.get("baseline_note"),
        change=change,
        warning=decision.get("warning"),
        notes=decision.get("notes") or [],
        measures=list(_measures(decision, change, classes)),
        classes=_lowest(classes, lambda row: row.recall),
        number_of_classes=len(classes),
        slices=others if len(others) <= MOST_ROWS else _lowest(others, lambda row: row.accuracy),
        number_of_slices=len(others),
    )


def _change(decision: Mapping[str, Any]) -> float | None:
    change = decision.get("change")
    accuracy, baseline = decision.get("test_accuracy"), decision.get("baseline_accuracy")
    if change is None and accuracy is not None and baseline is not None:
        change = accuracy - baseline
    return change


def _measures(
    decision: Mapping[str, Any], change: float | None, classes: Sequence[ClassRow]
) -> Iterator[Measure]:
    """The rows for everything that was measured."""
    accuracy, baseline = decision.get("test_accuracy"), decision.get("baseline_accuracy")
    calibration, drop = decision.get("calibration_error"), decision.get("max_drop")
    recalls = [row.recall for row in classes if row.recall is not None]
    if accuracy is not None:
        interval = format.interval(decision.get("interval"))
        bound = _bound("at least", decision.get("min_accuracy"))
        yield Measure("accuracy", format.share(accuracy), interval, bound)
    if baseline is not None:
        yield Measure("accuracy of the baseline", format.share(baseline))
    if change is not None:
        interval = format.change_interval(decision.get("change_interval"))
        bound = "" if drop is None else f"no loss above {format.share(drop)} shown"
        yield Measure(_change_name(decision), format.change(change), interval, bound)
    if (smallest := decision.get("detectable_drop")) is not None:
        yield Measure("loss that this test split finds in 8 of 10 nights", format.share(smallest))
    if recalls:
        bound = _bound("at least", decision.get("min_recall"))
        yield Measure("lowest recall of a class", format.share(min(recalls)), "", bound)
    if calibration is not None:
        bound = _bound("at most", decision.get("max_calibration_error"))
        yield Measure("calibration error", format.share(calibration), "", bound)


def _change_name(decision: Mapping[str, Any]) -> str:
    compared = decision.get("compared_examples")
    if compared in (None, decision.get("test_examples")):
        return "change against the baseline"
    images = format.count(compared, "image")
    return f"change against the baseline, on the {images} that both can be compared on"


def _bound(words: str, value: float | None) -> str:
    return "" if value is None else f"{words} {format.share(value)}"


def _slice(row: Mapping[str, Any]) -> Slice:
    value = str(row["value"])
    return Slice(
        row["feature"], value, row.get("accuracy"), row.get("interval"), row.get("examples")
    )


def _lowest(rows: Sequence[_Row], measure: Callable[[_Row], float | None]) -> list[_Row]:
    """The rows with the lowest values; those that were not measured come last."""

    def key(row: _Row) -> float:
        value = measure(row)
        return 2.0 if value is None else value

    return sorted(rows, key=key)[:MOST_ROWS]
