"""The rule of `components.evaluator.gate.change_verdict` over many simulated nights: its errors.

Each image has a difficulty, to which each model adds noise of its own: two models of equal accuracy
differ on some 4% of the images, as two trainings do.
"""

from statistics import NormalDist

import numpy as np
import pytest

from components.evaluator.gate.change_verdict import judge_change
from components.evaluator.gate.comparison import Comparison
from components.evaluator.settings import GateSettings

NOISE, ACCURACY, MAX_DROP, NIGHTS = 0.35, 0.96, 0.01, 500


def _correct(difficulty: np.ndarray, loss: float, random: np.random.Generator) -> np.ndarray:
    """Which images a model of true accuracy `ACCURACY - loss` gets right."""
    threshold = NormalDist(0, (1 + NOISE**2) ** 0.5).inv_cdf(1 - ACCURACY + loss)
    return difficulty + random.normal(0, NOISE, len(difficulty)) > threshold


def _compare(candidate: np.ndarray, baseline: np.ndarray) -> Comparison:
    both, gained = int((candidate & baseline).sum()), int((candidate & ~baseline).sum())
    lost, neither = int((~candidate & baseline).sum()), int((~candidate & ~baseline).sum())
    return Comparison(both, gained, lost, neither)


def _word(comparison: Comparison, **settings: float) -> str:
    return judge_change(comparison, GateSettings(min_accuracy=0.5, **settings)).word


def _nights(losses: np.ndarray, seed: int, *, keeps: bool = True) -> tuple[int, float]:
    """Trains once for each loss: how many are refused, and the loss of the model in service."""
    random = np.random.default_rng(seed)
    difficulty = random.normal(0, 1, 2000)
    baseline, refused, in_service = _correct(difficulty, 0, random), 0, 0.0
    for loss in losses:
        candidate = _correct(difficulty, loss, random)
        comparison = _compare(candidate, baseline)
        if _word(comparison) == "worse":
            refused += 1
            continue
        in_service = loss
        if not keeps or comparison.is_gain(MAX_DROP, 0.95):
            baseline = candidate
    return refused, in_service


def _rates(images: int, loss: float) -> dict[str, float]:
    """Shares of the nights in which a model of that true loss is refused, by rule."""
    random = np.random.default_rng(0)
    difficulties = random.normal(0, 1, (NIGHTS, images))
    counts = {"worse": 0, "95%": 0, "measured": 0, "unless proven": 0}
    for difficulty in difficulties:
        baseline = _correct(difficulty, 0, random)
        comparison = _compare(_correct(difficulty, loss, random), baseline)
        word = _word(comparison)
        counts["worse"] += word == "worse"
        counts["95%"] += _word(comparison, loss_confidence=0.975) == "worse"
        counts["measured"] += comparison.change < -MAX_DROP - 1e-9
        counts["unless proven"] += word != "no_worse"
    return {rule: count / NIGHTS for rule, count in counts.items()}


@pytest.mark.parametrize(
    ("images", "worse", "measured", "unless_proven"),
    [(50, 0.08, 0.31, 1.0), (300, 0.03, 0.11, 0.88), (2000, 0.0, 0.0, 0.31)],
)
def test_equally_good_models_are_rarely_refused(
    images: int, worse: float, measured: float, unless_proven: float
) -> None:
    rates = _rates(images, 0.0)
    assert rates["worse"] == pytest.approx(worse, abs=0.025)
    assert rates["measured"] == pytest.approx(measured, abs=0.04)
    assert rates["unless proven"] == pytest.approx(unless_proven, abs=0.05)


@pytest.mark.parametrize(
    ("images", "loss", "worse", "by_95"),
    [
        (40, 0.1, 0.88, 0.22),
        (150, 0.05, 0.9, 0.48),
        (300, 0.03, 0.8, 0.34),
        (2000, 0.02, 0.93, 0.61),
    ],
)
def test_true_losses_are_refused(images: int, loss: float, worse: float, by_95: float) -> None:
    rates = _rates(images, loss)
    assert rates["worse"] == pytest.approx(worse, abs=0.05)
    assert rates["95%"] == pytest.approx(by_95, abs=0.06)


@pytest.mark.parametrize("images", [150, 300, 2000])
def test_the_detectable_loss_is_found_in_8_of_10_nights(images: int) -> None:
    random = np.random.default_rng(2)
    gate = GateSettings(min_accuracy=0.5)
    difficulty = random.normal(0, 1, images)
    equal = _compare(_correct(difficulty, 0, random), _correct(difficulty, 0, random))
    drop = judge_change(equal, gate).detectable_drop
    assert _rates(images, drop)["worse"] == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize("images", [50, 300])
def test_no_pipeline_is_stuck(images: int) -> None:
    """A baseline that was lucky on the test images does not refuse all that follow."""
    for seed in range(10):
        random = np.random.default_rng(seed)
        difficulty = random.normal(0, 1, images)
        baseline = _correct(difficulty, 0, random)
        words = [_word(_compare(_correct(difficulty, 0, random), baseline)) for _ in range(60)]
        assert words.count("worse") < 30


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
