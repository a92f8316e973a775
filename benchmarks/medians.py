"""Medians of several runs, and ratios of them with their spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The results of several runs.

    Attributes:
        median: Their median.
        low: The smallest.
        high: The largest.
    """

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of values; None without any."""
    if not values:
        return None
    return Spread(float(median(values)), float(min(values)), float(max(values)))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Ours as a share of theirs.

    Both were measured in turns, so that what slows a machine for a while slows both: the spread is
    that of the rounds' ratios. The median is that of the medians, which is what the table shows.

    Args:
        ours: A value for each round.
        theirs: The same; where it has fewer rounds, our later ones have no partner.
    """
    a, b = spread(ours), spread(theirs)
    if a is None or b is None or not all(theirs):
        return None
    shares = [one / other for one, other in zip(ours, theirs, strict=False)]
    return Spread(a.median / b.median, min(shares), max(shares))


def rise(values: Sequence[float]) -> float:
    """By how much a value is larger than one before it, at most: 0.2 is 20 %.

    What falls, as costs that are fixed do when they are spread over more, does not count.
    """
    shares = [later / value for at, value in enumerate(values) for later in values[at:] if value]
    return max(shares, default=1.0) - 1
