"""The prediction for one file."""

from typing import NamedTuple


class Scored(NamedTuple):
    """A class and its score."""

    label: str
    score: float
    """Probability, 0 to 1: the shortest decimal that gives the model's float32."""


class Prediction(NamedTuple):
    """The prediction for one file, or why there is none."""

    path: str
    classes: tuple[Scored, ...]
    """The most likely classes, most likely first; empty if there is an error."""
    error: str | None = None
    """Why there is no prediction."""
