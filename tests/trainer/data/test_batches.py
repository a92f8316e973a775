"""Epochs in an order that follows from seed and number, with their labels."""

import weakref

import numpy as np
import pytest

from trainer.data.batches import Batches, FeatureBatches, ImageBatches, Labels
from trainer.stages.build import Images


def _features(count: int = 10, batch_size: int = 4, seed: int | None = 1) -> FeatureBatches:
    features = np.arange(count, dtype=np.float32)[:, None]
    labels = Labels(np.arange(count) % 2, np.ones(2, np.float32))
    return FeatureBatches(features, labels, batch_size, seed)


def _read(batches: Batches, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    parts = list(batches.epoch(epoch).as_numpy_iterator())
    assert len(parts) == batches.steps == len(batches.epoch(epoch))
    inputs, labels, _ = (np.concatenate(part) for part in zip(*parts, strict=True))
    return inputs, labels


def test_every_example_once_with_its_label() -> None:
    inputs, labels = _read(_features(), 0)
    assert sorted(inputs[:, 0]) == list(range(10))
    np.testing.assert_array_equal(labels.argmax(axis=1), inputs[:, 0] % 2)


def test_order_follows_from_seed_and_epoch() -> None:
    first, second = (_read(_features(), epoch)[0].tolist() for epoch in (0, 1))
    assert first != second
    assert _read(_features(), 1)[0].tolist() == second
    assert _read(_features(seed=2), 1)[0].tolist() != second
    assert _read(_features(seed=None), 3)[0][:, 0].tolist() == list(range(10))


@pytest.mark.parametrize("mixup", [0.0, 0.2])
def test_images_come_in_an_order_of_the_epoch(images: Images, mixup: float) -> None:
    labels = Labels(images.train.label_ids, images.class_weights)

    def read(epoch: int) -> np.ndarray:
        batches = ImageBatches(images.train, images.parse, labels, 8, 1, mixup)
        inputs, rows = _read(batches, epoch)
        assert inputs.shape == (40, 32, 32, 3)
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
        return inputs

    np.testing.assert_array_equal(read(1), read(1))
    assert (read(0) != read(1)).any()


def test_examples_get_the_weight_of_their_class() -> None:
    labels = Labels(np.array([0, 1, 1]), np.array([2.0, 0.5], np.float32))
    batches = FeatureBatches(np.zeros((3, 1), np.float32), labels, 4)
    [(_, _, weights)] = batches.epoch(0)
    np.testing.assert_array_equal(weights, [2.0, 0.5, 0.5])


def test_features_are_freed_with_their_batches() -> None:
    batches = _features()
    _read(batches, 0)
    features = weakref.ref(batches.features)
    assert features() is not None
    del batches
    assert features() is None
