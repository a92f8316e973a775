"""The temperature: found where it is known, bounded where a split would require any value."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from components.evaluator.metrics import expected_calibration_error
from tests.trainer.conftest import LABELS, transform_layer, write_examples
from trainer.calibration import calibrate, fit_temperature
from trainer.data.input import build_parser, open_split
from trainer.network.network import Network


def draw(images: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is the true distribution of the labels drawn."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (images, classes))
    labels = [random.choice(classes, p=row) for row in softmax(logits, axis=1)]
    return logits, np.asarray(labels, np.int64)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_is_what_the_logits_were_multiplied_by(factor: float, classes: int) -> None:
    logits, labels = draw(4000, classes)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.1)


def test_the_error_on_other_images_falls() -> None:
    logits, labels = draw(1000, 5)
    temperature = fit_temperature(3 * logits, labels)
    others, truth = draw(2000, 5, seed=1)

    def error(values: np.ndarray) -> float:
        scores = softmax(values, axis=1)
        return expected_calibration_error(
            scores.max(axis=1).tolist(), (scores.argmax(axis=1) == truth).tolist()
        )

    assert error(3 * others) > 0.1
    assert error(3 * others / temperature) < 0.03


@pytest.mark.parametrize("images", [1, 30, 1000])
def test_a_split_without_a_mistake_does_not_ask_for_scores_of_1(images: int) -> None:
    labels = np.arange(images) % 3
    logits = 4.0 * np.eye(3)[labels]
    temperature = fit_temperature(logits, labels)
    confidence = softmax(logits / temperature, axis=1).max(axis=1).mean()
    assert confidence == pytest.approx(1 - 1 / (images + 2), abs=0.01)


def test_logits_that_are_not_finite_are_left_alone() -> None:
    assert fit_temperature(np.asarray([[np.nan, 0.0]]), np.asarray([0])) == 1.0


def test_one_class() -> None:
    assert 0.2 <= fit_temperature(np.zeros((3, 1)), np.zeros(3, np.int64)) <= 20


def test_a_network_is_calibrated_on_its_validation_split(network: Network, tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "validation.tfrecord", 70, seed=4)
    split = open_split([str(examples)], LABELS)
    parse = build_parser(transform_layer)
    calibration = calibrate(network, split, parse, batch_size=32)
    assert calibration.images == 70
    again = calibrate(replace(network, temperature=calibration.temperature), split, parse, 32)
    assert again.error_before == pytest.approx(calibration.error_after, abs=1e-6)
    assert again.temperature == pytest.approx(1.0, abs=0.01)
