"""How far the images have moved since the run before.

For labels and formats the L-infinity distance: the largest change of the share of any value. For
widths and heights the Jensen-Shannon divergence (base 2) of their histograms: 0 where they are the
same, 1 where they have nothing in common. Both are the measures of TFDV's drift comparators:
https://www.tensorflow.org/tfx/data_validation/get_started#checking_data_skew_and_drift

TFDV's own divergence is 1 as soon as one of the histograms is a single value, however many images
of the other one have it (scans are often all of one size). So both are put into the same buckets
here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.feature_keys import FORMAT, HEIGHT, LABEL, WIDTH
from components.report.inputs.sources import Sources
from components.report.inputs.statistics import (
    Distribution,
    SplitStatistics,
    read_statistics,
)

MOST_CLASSES = 10
BUCKETS = 10
"""Buckets that widths and heights are compared in; TFDV's own histograms have as many."""


@dataclass(frozen=True)
class SplitDrift:
    """How far a split has moved.

    Attributes:
        split: Its name.
        before: Number of its images then.
        now: Number of its images now.
        distances: By feature; None where there is nothing to compare.
    """

    split: str
    before: int
    now: int
    distances: Mapping[str, float | None]


@dataclass(frozen=True)
class Share:
    """A class whose share of the training images has changed.

    Attributes:
        name: Its name.
        before: Its share then, 0 to 1.
        now: Its share now, 0 to 1.
    """

    name: str
    before: float
    now: float

    @property
    def change(self) -> float:
        """By how much, in shares."""
        return self.now - self.before


@dataclass(frozen=True)
class Drift:
    """How far the images have moved.

    Attributes:
        previous_run_id: The run before this one; None if this is the first.
        is_same: Whether that run had the same examples.
        compared_run_id: The run that is compared with: the last one that had others.
        splits: The splits that both runs have.
        classes: Classes with the largest change of their share of the training images.
        number_of_classes: How many changed theirs.
    """

    previous_run_id: str | None
    is_same: bool = False
    compared_run_id: str | None = None
    splits: Sequence[SplitDrift] = ()
    classes: Sequence[Share] = ()
    number_of_classes: int = 0


def read_drift(sources: Sources) -> Drift | None:
    """Compares the statistics of two runs; None where this one has none."""
    if "statistics" not in sources.folders:
        return None
    run = sources.run
    if run.other is None:
        return Drift(run.previous_run_id, is_same=run.previous_run_id is not None)
    now = read_statistics(sources.folders["statistics"])
    before = read_statistics(run.other.statistics)
    shares = _shares(before, now)
    return Drift(
        previous_run_id=run.previous_run_id,
        is_same=run.previous_run_id != run.other.run_id,
        compared_run_id=run.other.run_id,
        splits=[
            SplitDrift(
                split, before[split].examples, of_split.examples, measure(before[split], of_split)
            )
            for split, of_split in now.items()
            if split in before
        ],
        classes=shares[:MOST_CLASSES],
        number_of_classes=len(shares),
    )


def measure(before: SplitStatistics, now: SplitStatistics) -> dict[str, float | None]:
    """Measures how far each feature has moved.

    Returns:
        The distance by feature: 0 to 1; None where one of the splits is empty.
    """
    distances: dict[str, float | None] = dict.fromkeys((LABEL, FORMAT, WIDTH, HEIGHT))
    if not before.examples or not now.examples:
        return distances
    distances[LABEL] = l_infinity(before.labels, now.labels)
    distances[FORMAT] = l_infinity(before.formats, now.formats)
    for feature in (WIDTH, HEIGHT):
        if feature in before.sizes and feature in now.sizes:
            distances[feature] = divergence(before.sizes[feature], now.sizes[feature])
    return distances


def l_infinity(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """The largest change of the share of any value, 0 to 1.

    Args:
        before: Counts by value.
        now: Counts by value.
    """
    then_total, now_total = max(sum(before.values()), 1), max(sum(now.values()), 1)
    changes = (
        abs(now.get(value, 0) / now_total - before.get(value, 0) / then_total)
        for value in {*before, *now}
    )
    return max(changes, default=0.0)


def divergence(before: Distribution, now: Distribution) -> float:
    """Jensen-Shannon divergence, base 2: 0 to 1."""
    low = min(before.smallest, now.smallest)
    high = max(before.largest, now.largest)
    if low == high:
        return 0.0
    edges = np.linspace(low, high, BUCKETS + 1)
    p, q = _shares_between(before, edges), _shares_between(now, edges)
    middle = (p + q) / 2
    return float((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2)


def _shares_between(distribution: Distribution, edges: np.ndarray) -> np.ndarray:
    """Shares of the images between edges, if those in a bucket are spread evenly over it."""
    if distribution.smallest == distribution.largest:
        below = (edges > distribution.smallest).astype(float)
    else:
        sums = np.concatenate([[0.0], np.cumsum(distribution.counts)])
        below = np.interp(edges, distribution.edges, sums / sums[-1])
    # Buckets hold their lower edge; the last one holds its upper one, too.
    below[-1] = 1.0
    return np.diff(below)


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    held = p > 0
    return float(np.sum(p[held] * np.log2(p[held] / q[held])))


def _shares(
    before: Mapping[str, SplitStatistics], now: Mapping[str, SplitStatistics]
) -> list[Share]:
    """Classes of the train split whose share has changed, the largest change first."""
    if not {"train"} <= before.keys() & now.keys():
        return []
    was, is_ = before["train"], now["train"]
    shares = [
        Share(
            name,
            was.labels.get(name, 0) / max(was.examples, 1),
            is_.labels.get(name, 0) / max(is_.examples, 1),
        )
        for name in sorted({*was.labels, *is_.labels})
    ]
    return sorted((share for share in shares if share.change), key=lambda share: -abs(share.change))
