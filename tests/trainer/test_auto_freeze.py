"""How much to freeze follows from how many pictures there are, and how similar."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier

from trainer.auto_freeze import MANY_PICTURES, SIMILAR_FROM, choose_freeze, measure_similarity


@pytest.mark.parametrize(
    ("per_class", "similarity", "share", "words"),
    [
        (700, 0.93, 1.0, "few pictures (700 a class; many is 1,000 or more), similar to"),
        (5000, 0.93, 0.7, "many pictures (5,000 a class; many is 1,000 or more), similar to"),
        (700, 0.1, 0.4, "different from the backbone's own (similarity 0.10"),
        (5000, 0.1, 0.0, "nothing is frozen"),
        (MANY_PICTURES, SIMILAR_FROM, 0.7, "the first 70 % of the layers stay frozen"),
        (MANY_PICTURES - 1, SIMILAR_FROM - 0.01, 0.4, "the first 40 % of the layers stay frozen"),
    ],
)
def test_the_four_cases(per_class: int, similarity: float, share: float, words: str) -> None:
    choice = choose_freeze(per_class * 2, 2, similarity)
    assert choice.share == share
    assert words in choice.reason


def _blobs(spread: float, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    points, ids = make_blobs(count, 64, centers=3, cluster_std=spread, random_state=1)
    return points.astype(np.float32), ids.astype(np.int64)


def test_separated_classes_are_similar_and_random_labels_are_not() -> None:
    features, ids = _blobs(1.0)
    assert measure_similarity(features, ids, 3) == 1.0
    random = np.random.default_rng(0).permutation(ids)
    assert measure_similarity(features, random, 3) < 0.1


def test_similarity_is_the_neighbours_vote_corrected_for_chance() -> None:
    features, ids = _blobs(20.0)
    directions = features / np.linalg.norm(features, axis=1, keepdims=True)
    right = []
    for row in range(len(ids)):
        others = np.arange(len(ids)) != row
        vote = KNeighborsClassifier(10, metric="cosine", weights=lambda d: 2 - d)
        vote.fit(directions[others], ids[others])
        right.append(vote.predict(directions[row : row + 1])[0] == ids[row])
    expected = (np.mean(right) - 1 / 3) / (1 - 1 / 3)
    assert 0.1 < expected < 0.9
    assert measure_similarity(features, ids, 3) == pytest.approx(expected, abs=1e-6)


def test_uneven_classes_are_no_better_than_chance() -> None:
    features = np.random.default_rng(0).normal(size=(500, 16)).astype(np.float32)
    ids = (np.arange(500) < 25).astype(np.int64)
    # Nine in ten right, by always naming the frequent class.
    assert measure_similarity(features, ids, 2) < 0.6


def test_few_pictures_and_dead_features_give_a_number() -> None:
    assert measure_similarity(np.zeros((4, 8), np.float32), np.array([0, 0, 1, 1]), 2) >= 0
    assert measure_similarity(np.eye(3, dtype=np.float32), np.array([0, 0, 0]), 2) == 0
