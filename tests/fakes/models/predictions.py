"""Predictions for tests."""

from collections.abc import Sequence

from components.evaluator.predictions import ComparedPrediction, Prediction


def prediction(label: str, predicted: str, **values: object) -> Prediction:
    """A prediction with a score of 0.8."""
    is_correct = label == predicted
    defaults: dict = {"name": "x.jpg", "score": 0.8, "label_score": 0.8 if is_correct else 0.2}
    return Prediction(label=label, predicted=predicted, **{**defaults, **values})


def predictions(*groups: tuple[str, str, int], score: float = 0.8) -> list[Prediction]:
    """For each (label, predicted, count), that many predictions."""
    return [
        prediction(label, predicted, name=f"{label}-as-{predicted}/{index:03}.jpg", score=score)
        for label, predicted, count in groups
        for index in range(count)
    ]


def paired(both: int, gained: int, lost: int, neither: int) -> list[Prediction]:
    """Images of cats by the models that are correct: both, the candidate, the baseline, neither."""
    groups: Sequence[tuple[str, str, int]] = (
        ("cats", "cats", both),
        ("cats", "dogs", gained),
        ("dogs", "cats", lost),
        ("dogs", "dogs", neither),
    )
    return [
        prediction("cats", candidate, compared=ComparedPrediction(candidate, baseline))
        for candidate, baseline, count in groups
        for _ in range(count)
    ]
