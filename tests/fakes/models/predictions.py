"""Predictions as tests need them."""

from collections.abc import Sequence

from components.evaluator.predictions import Compared, Prediction


def prediction(label: str, predicted: str, **values: object) -> Prediction:
    """One of the classes cats and dogs, with a score of 0.8."""
    right = label == predicted
    defaults: dict = {"name": "x.jpg", "score": 0.8, "label_score": 0.8 if right else 0.2}
    return Prediction(label=label, predicted=predicted, **{**defaults, **values})


def predictions(*groups: tuple[str, str, int], score: float = 0.8) -> list[Prediction]:
    """For each (label, predicted, count), so many of these."""
    return [
        prediction(label, predicted, name=f"{label}-as-{predicted}/{index:03}.jpg", score=score)
        for label, predicted, count in groups
        for index in range(count)
    ]


def paired(both: int, gained: int, lost: int, neither: int) -> list[Prediction]:
    """Images of cats by who is right: both, the candidate, the baseline, none."""
    answers: Sequence[tuple[str, str, int]] = (
        ("cats", "cats", both),
        ("cats", "dogs", gained),
        ("dogs", "cats", lost),
        ("dogs", "dogs", neither),
    )
    return [
        prediction("cats", mine, compared=Compared(mine, other))
        for mine, other, count in answers
        for _ in range(count)
    ]
