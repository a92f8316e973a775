"""Whether a change against the baseline is a loss: the rule, and what it cannot see.

A candidate is `worse` if it lost more than `gate.max_drop` with the one-sided confidence
`gate.loss_confidence`, and `no_worse` if it is shown to have lost no more: the whole interval of
its change, at `gate.confidence`, is above `-max_drop`. In between, the test images cannot decide,
and `gate.when_uncertain` decides.

Measured over many nights (`test_comparison_over_many_nights.py`), with max_drop 0.01 and models of
0.96: of equally good models, 8% are refused on 50 test images, 3% on 300 and none on 2,000; of
those that truly lost 0.05, 90% on 150 images; of those that lost 0.03, 80% on 300. Refusing only
where the whole 95% interval is a loss lets half and two thirds of these through; refusing whatever
is not shown to be no worse turns away 88% of equally good models on 300 images.
"""

from dataclasses import dataclass
from math import ceil
from statistics import NormalDist
from typing import Literal

from components.evaluator.gate.comparison import TOLERANCE, Comparison
from components.evaluator.intervals import Interval
from components.evaluator.settings import GateSettings
from components.format import change_interval, count, share

POWER = 0.8
"""Share of the nights in which a loss of `detectable_drop` is refused."""
_MOST_IMAGES = 1_000_000


@dataclass(frozen=True)
class ChangeVerdict:
    """What the test images show about the change.

    Attributes:
        word: `worse`, `no_worse`, or `uncertain`.
        interval: Ends of the confidence interval of the change.
        detectable_drop: The true loss that would be found `worse` in 8 of 10 nights, 0 to 1.
        images_to_decide: How many test images would settle a change such as this one; None if it
            is settled, or if a million would not.
    """

    word: Literal["worse", "uncertain", "no_worse"]
    interval: Interval
    detectable_drop: float
    images_to_decide: int | None


def judge_change(comparison: Comparison, gate: GateSettings) -> ChangeVerdict:
    """Applies the rule.

    `detectable_drop` is `max_drop + (z(loss_confidence) + z(power)) * standard error`, the usual
    approximation for one-sided tests (Blackwelder 1982, "Proving the null hypothesis in clinical
    trials"), with the standard error from the interval's width.
    """
    interval, z = comparison.interval(gate.confidence), NormalDist().inv_cdf
    z_interval = z(0.5 + gate.confidence / 2)
    error = (interval[1] - interval[0]) / (2 * z_interval)
    word: Literal["worse", "uncertain", "no_worse"] = "uncertain"
    if comparison.is_loss(gate.max_drop, gate.loss_confidence):
        word = "worse"
    elif interval[0] >= -gate.max_drop - TOLERANCE:
        word = "no_worse"
    images = None
    apart = abs(comparison.change + gate.max_drop)
    if word == "uncertain" and apart > TOLERANCE:
        # Of a change such as this one, `worse` asks for less certainty than `no_worse`.
        is_loss = comparison.change < -gate.max_drop
        needed = z(gate.loss_confidence) if is_loss else z_interval
        images = ceil(comparison.examples * max(1.0, (needed * error / apart) ** 2))
    return ChangeVerdict(
        word=word,
        interval=interval,
        detectable_drop=min(
            1.0, gate.max_drop + (max(0.0, z(gate.loss_confidence)) + z(POWER)) * error
        ),
        images_to_decide=images if images and images <= _MOST_IMAGES else None,
    )


def describe_uncertainty(comparison: Comparison, verdict: ChangeVerdict, gate: GateSettings) -> str:
    """What the test images cannot decide, and how many would."""
    text = (
        f"a loss of more than gate.max_drop {gate.max_drop:g} against the baseline is not ruled "
        f"out: the change is {change_interval(verdict.interval)} ({gate.confidence:.0%} interval) "
        f"on {count(comparison.examples, 'test image')}, on which a true loss of "
        f"{share(verdict.detectable_drop)} would be refused in 8 of 10 nights"
    )
    if verdict.images_to_decide:
        text += f"; about {_two_digits(verdict.images_to_decide):,} test images would decide it"
    return text


def _two_digits(number: int) -> int:
    """Rounded: an estimate has no more digits."""
    return int(float(f"{number:.2g}"))
