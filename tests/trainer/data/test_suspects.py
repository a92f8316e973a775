"""Wrong labels are found by the features of the other images."""

import numpy as np
import pytest

from trainer.data import suspects
from trainer.data.suspects import cross_validate, find_suspects

CLASSES = 4


def _draw(count: int, features: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of classes that overlap a little."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    means = random.normal(0, 0.8, (CLASSES, features))
    return (means[labels] + random.normal(size=(count, features))).astype(np.float32), labels


def test_planted_labels_are_found_with_the_right_suggestion() -> None:
    features, true = _draw(400)
    planted = np.arange(0, 400, 27)
    labels = true.copy()
    labels[planted] = (true[planted] + 1) % CLASSES
    found = find_suspects(features, labels, CLASSES)
    right = [suspect for suspect in found if suspect.row in planted]
    assert len(right) >= 12, f"{len(right)} of {len(planted)}"
    assert len(found) - len(right) <= 1
    assert all(suspect.suggested == true[suspect.row] for suspect in right)
    assert [suspect.score for suspect in found] == sorted(suspect.score for suspect in found)


def test_right_labels_are_no_suspects() -> None:
    features, labels = _draw(400)
    assert len(find_suspects(features * [[3]], labels, CLASSES)) <= 2


def test_no_image_is_scored_by_a_classifier_that_saw_its_label() -> None:
    features, labels = _draw(60)
    noise = np.random.default_rng(1).normal(size=features.shape).astype(np.float32)
    probabilities = cross_validate(noise, labels, CLASSES)
    assert abs((probabilities.argmax(axis=1) == labels).mean() - 1 / CLASSES) < 0.15
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_it_is_the_same_twice() -> None:
    features, labels = _draw(80)
    assert find_suspects(features, labels, CLASSES) == find_suspects(features, labels, CLASSES)


def test_long_vectors_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspects, "_MOST_FEATURES", 30)
    features, labels = _draw(400)
    probabilities = cross_validate(features, labels, CLASSES)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


def test_few_images_and_constant_features_are_no_error() -> None:
    features, _ = _draw(8)
    constant = np.ones((12, 5), np.float32)
    assert np.isfinite(cross_validate(constant, np.arange(12) % 3, 3)).all()
    # The only image of a class is in no other fold.
    alone = np.array([0, 0, 0, 0, 0, 0, 0, 1])
    assert np.isfinite(cross_validate(features, alone, 2)).all()
    find_suspects(features, alone, 2)
