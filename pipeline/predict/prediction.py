"""What the model says of one file."""

from typing import NamedTuple


class Scored(NamedTuple):
    """A class and its score."""

    label: str
    score: float
    """Probability, 0 to 1: the shortest number that is the model's float32."""


class Prediction(NamedTuple):
    """One file's answer."""

    path: str
    classes: tuple[Scored, ...]
    """The likeliest classes, the likeliest first; empty where there is an error."""
    error: str | None = None
    """Why there is no answer."""
