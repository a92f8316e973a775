"""The rule of `components.evaluator.comparison` over many nights, simulated.

Each image has a difficulty, to which each model adds noise of its own: two models of equal accuracy
differ on some 4% of the images, as two trainings do.
"""

from statistics import NormalDist

import numpy as np
import pytest

from components.evaluator.comparison import Comparison
from components.evaluator.intervals import paired_interval

NOISE, ACCURACY, MAX_DROP = 0.35, 0.96, 0.01


def _correct(difficulty: np.ndarray, loss: float, random: np.random.Generator) -> np.ndarray:
    """Which images a model of true accuracy `ACCURACY - loss` gets right."""
    threshold = NormalDist(0, (1 + NOISE**2) ** 0.5).inv_cdf(1 - ACCURACY + loss)
    return difficulty + random.normal(0, NOISE, len(difficulty)) > threshold


def _compare(candidate: np.ndarray, baseline: np.ndarray) -> Comparison:
    both, gained = int((candidate & baseline).sum()), int((candidate & ~baseline).sum())
    lost, neither = int((~candidate & baseline).sum()), int((~candidate & ~baseline).sum())
    interval = paired_interval(both, gained, lost, neither, 0.95)
    return Comparison(len(candidate), candidate.mean(), baseline.mean(), interval)


def _nights(losses: np.ndarray, seed: int, *, keeps: bool = True) -> tuple[int, float]:
    """Trains once for each loss: how many are refused, and the loss of the model in service."""
    random = np.random.default_rng(seed)
    difficulty = random.normal(0, 1, 2000)
    baseline, refused, in_service = _correct(difficulty, 0, random), 0, 0.0
    for loss in losses:
        candidate = _correct(difficulty, loss, random)
        comparison = _compare(candidate, baseline)
        if comparison.is_loss(MAX_DROP):
            refused += 1
            continue
        in_service = loss
        if not keeps or comparison.is_gain(MAX_DROP):
            baseline = candidate
    return refused, in_service


@pytest.mark.parametrize(
    ("images", "by_measured_loss", "unless_proven"), [(50, 0.31, 1.0), (300, 0.1, 0.9)]
)
def test_equally_good_models_are_not_refused(
    images: int, by_measured_loss: float, unless_proven: float
) -> None:
    random = np.random.default_rng(0)
    refused = naive = unproven = 0
    for _ in range(1000):
        difficulty = random.normal(0, 1, images)
        comparison = _compare(_correct(difficulty, 0, random), _correct(difficulty, 0, random))
        refused += comparison.is_loss(MAX_DROP)
        naive += comparison.change < -MAX_DROP - 1e-9
        unproven += comparison.interval[0] <= -MAX_DROP
    assert refused <= 5
    assert naive / 1000 == pytest.approx(by_measured_loss, abs=0.03)
    assert unproven / 1000 == pytest.approx(unless_proven, abs=0.03)


def test_a_slow_decline_is_stopped() -> None:
    slide = 0.003 * np.arange(1, 61)
    ends = [_nights(slide, seed)[1] for seed in range(5)]
    assert max(ends) <= 0.03
    # Compared with whatever was blessed last, all of it would pass.
    assert max(_nights(slide, seed, keeps=False)[1] for seed in range(2)) > 0.17


def test_steady_nights_are_rarely_refused() -> None:
    random = np.random.default_rng(1)
    # Trainings of the same data differ, by 0.003 of true accuracy here (a standard deviation).
    refused = [_nights(random.normal(0, 0.003, 100).clip(-0.03, 0.03), s)[0] for s in range(40)]
    assert np.mean(refused) / 100 <= 1 / 100
