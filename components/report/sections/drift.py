"""How much the images differ from those of an earlier run.

For labels and formats the L-infinity distance: the largest change of the share of any value. For
widths and heights the Jensen-Shannon divergence (base 2) of their histograms: 0 if they are the
same, 1 if they have nothing in common. Both are the measures of TFDV's drift comparators:
https://www.tensorflow.org/tfx/data_validation/get_started#checking_data_skew_and_drift

TFDV's own divergence is 1 as soon as one of the histograms is a single value, however many images
of the other one have it (scans are often all of one size). So both are rebinned into the same
buckets here.
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
    """Numbers of images of a split before and now, and the distance of each feature, or None."""

    split: str
    before: int
    now: int
    distances: Mapping[str, float | None]


@dataclass(frozen=True)
class ClassShare:
    """A class, and its shares of the training images in the earlier and in this run, 0 to 1."""

    name: str
    before: float
    now: float

    @property
    def change(self) -> float:
        """The change of the share, -1 to 1."""
        return self.now - self.before


@dataclass(frozen=True)
class Drift:
    """Drift since an earlier run.

    Attributes:
        previous_run_id: The run before this one; None if this is the first.
        is_same: Whether that run had the same examples.
        compared_run_id: The run compared with: the last one with different examples.
        splits: The splits that both runs have.
        classes: Classes with the largest change of their share of the training images.
        number_of_classes: Number of all classes whose share changed.
    """

    previous_run_id: str | None
    is_same: bool = False
    compared_run_id: str | None = None
    splits: Sequence[SplitDrift] = ()
    classes: Sequence[ClassShare] = ()
    number_of_classes: int = 0


def read_drift(sources: Sources) -> Drift | None:
    """Compares the statistics of two runs; None if this one has none."""
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
    """The distance of each feature, 0 to 1; None if one of the splits is empty."""
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
    """The largest change of the share of any value, 0 to 1."""
    before_total, now_total = max(sum(before.values()), 1), max(sum(now.values()), 1)
    changes = (
        abs(now.get(value, 0) / now_total - before.get(value, 0) / before_total)
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
    """Shares of the images between edges, assuming a uniform distribution within a bucket."""
    if distribution.smallest == distribution.largest:
        below = (edges > distribution.smallest).astype(float)
    else:
        sums = np.concatenate([[0.0], np.cumsum(distribution.counts)])
        below = np.interp(edges, distribution.edges, sums / sums[-1])
    # Buckets include their lower edge; the last one includes its upper one, too.
    below[-1] = 1.0
    return np.diff(below)


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    positive = p > 0
    return float(np.sum(p[positive] * np.log2(p[positive] / q[positive])))


def _shares(
    before: Mapping[str, SplitStatistics], now: Mapping[str, SplitStatistics]
) -> list[ClassShare]:
    """Classes of the train split whose share has changed, the largest change first."""
    if not {"train"} <= before.keys() & now.keys():
        return []
    was, is_ = before["train"], now["train"]
    shares = [
        ClassShare(
            name,
            was.labels.get(name, 0) / max(was.examples, 1),
            is_.labels.get(name, 0) / max(is_.examples, 1),
        )
        for name in sorted({*was.labels, *is_.labels})
    ]
    return sorted((share for share in shares if share.change), key=lambda share: -abs(share.change))
