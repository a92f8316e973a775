"""Learning rates over a stage, and the optimizers by name."""

from typing import Any

import keras
import numpy as np
import pytest

from trainer.stages.optimizer import build_optimizer, find_last_rate
from trainer.stages.settings import OptimizerSettings


def _rates(epochs: int = 4, steps: int = 10, **settings: Any) -> np.ndarray:
    rate = build_optimizer(OptimizerSettings(**settings), epochs, steps)._learning_rate
    if isinstance(rate, keras.Variable):
        return np.full(epochs * steps, rate.numpy())
    return np.array([float(rate(step)) for step in range(epochs * steps)])


def test_constant_rate() -> None:
    np.testing.assert_allclose(_rates(learning_rate=0.5), 0.5)


def test_cosine_falls_to_zero_over_the_stage() -> None:
    rates = _rates(learning_rate=1.0, schedule="cosine")
    np.testing.assert_allclose(rates, 0.5 * (1 + np.cos(np.pi * np.arange(40) / 40)), atol=1e-6)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_warm_up_rises_in_equal_steps(schedule: str) -> None:
    rates = _rates(learning_rate=1.0, schedule=schedule, warmup_epochs=0.5)
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 1.0], rtol=1e-6)
    assert rates[5] == 1.0
    assert rates[-1] == 1.0 if schedule == "constant" else rates[-1] < 0.01


def test_last_rate_is_that_of_the_step_before() -> None:
    settings = OptimizerSettings(learning_rate=1.0, schedule="cosine")
    optimizer = build_optimizer(settings, epochs=1, steps_per_epoch=3)
    weight = keras.Variable([1.0])
    rates = []
    for _ in range(3):
        optimizer.apply([np.zeros(1, np.float32)], [weight])
        rates.append(find_last_rate(settings, 1, 3, optimizer))
    np.testing.assert_allclose(rates, [1.0, 0.75, 0.25], rtol=1e-6)
    constant = OptimizerSettings(learning_rate=0.1)
    assert find_last_rate(constant, 1, 3, build_optimizer(constant, 1, 3)) == 0.1


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_weight_decay_shrinks_weights_without_a_gradient(name: str) -> None:
    def train(decay: float) -> float:
        settings = OptimizerSettings(name=name, learning_rate=0.1, weight_decay=decay)
        optimizer = build_optimizer(settings, 1, 1)
        weight = keras.Variable([1.0])
        optimizer.apply([np.zeros(1, np.float32)], [weight])
        return float(weight.numpy()[0])

    assert train(0.0) == 1.0
    np.testing.assert_allclose(train(0.5), 1 - 0.1 * 0.5, rtol=1e-6)
