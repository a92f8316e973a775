"""What the Evaluator reports: how good the model is, and what the gate decided."""

from collections.abc import Sequence
from typing import ClassVar

from components import storage
from components.artifacts import DECISION_FILE
from components.facts import Facts, FactsPart, Metrics, Outputs
from components.format import share


class WorstImage(FactsPart):
    """One of the test images whose label got the lowest scores."""

    name: str
    """Its file."""
    label: str
    """Its class."""
    predicted: str
    """The class that the model predicts."""
    score: float | None = None
    """That class's score, 0 to 1; null if the model returned no number."""
    label_score: float | None = None
    """The score of its true class."""


class EvaluatorFacts(Facts):
    """`decision.json`, but for what grows with the number of classes."""

    refusal: ClassVar[str] = "the gate refused this model"

    blessed: bool | None = None
    text: str | None = None
    """The decision in a line."""
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warning: str | None = None
    """What a blessed model is not shown to be."""
    test_accuracy: float | None = None
    test_examples: int | None = None
    interval: tuple[float, float] | None = None
    min_accuracy: float | None = None
    """The gate's bound."""
    calibration_error: float | None = None
    baseline_accuracy: float | None = None
    baseline_note: str | None = None
    change: float | None = None
    change_interval: tuple[float, float] | None = None
    change_verdict: str | None = None
    """`worse`, `uncertain` or `no_worse`."""
    detectable_drop: float | None = None
    """The true loss that the test images would show in 8 of 10 nights."""
    images_to_decide: int | None = None
    """About how many test images would settle an uncertain change."""
    worst: tuple[WorstImage, ...] = ()

    @classmethod
    def read(cls, outputs: Outputs) -> "EvaluatorFacts":
        """Reads `decision.json`."""
        folder = outputs["evaluation"][0].uri
        return cls(**storage.read_json(storage.join(folder, DECISION_FILE)))

    def headline(self) -> str:
        """The decision, or why the model is refused."""
        if self.is_refusal() and self.reasons:
            return f"refused: {'; '.join(self.reasons)}"
        if self.text:
            return self.text
        accuracy = (
            [] if self.test_accuracy is None else [f"test accuracy {share(self.test_accuracy)}"]
        )
        decision = [] if self.blessed is None else ["blessed" if self.blessed else "refused"]
        return ", ".join(accuracy + decision)

    def metrics(self) -> Metrics:
        """What was measured on the test split, and `blessed` as 0 or 1."""
        return {
            "test_accuracy": self.test_accuracy,
            "test_examples": self.test_examples,
            "calibration_error": self.calibration_error,
            "baseline_accuracy": self.baseline_accuracy,
            "change": self.change,
            "blessed": self.blessed,
        }

    def is_refusal(self) -> bool:
        """Whether the gate refused the model."""
        return self.blessed is False

    def refusal_reasons(self) -> Sequence[str]:
        """Which bounds of the gate the model misses."""
        return self.reasons if self.is_refusal() else ()
