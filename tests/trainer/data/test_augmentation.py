"""Augmentation changes training images within their range; mixup blends them with their labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.data.augmentation import AugmentationSettings, build_augmentation, mix_pairs

EVERYTHING = AugmentationSettings(horizontal_flip=True, rotation=0.2, zoom=0.2, contrast=0.3)
SEED = tf.constant([1, 2], tf.int64)


def test_no_layers_where_all_is_off() -> None:
    assert AugmentationSettings().is_off
    assert build_augmentation(AugmentationSettings(), "tf", seed=1) == []


@pytest.mark.parametrize(("scale", "low", "high"), [("tf", -1, 1), ("raw", 0, 255)])
def test_images_change_and_stay_in_range(scale: str, low: float, high: float) -> None:
    images = np.random.default_rng(0).uniform(low, high, (4, 16, 16, 3)).astype(np.float32)
    model = keras.Sequential(build_augmentation(EVERYTHING, scale, seed=1))
    changed = keras.ops.convert_to_numpy(model(images, training=True))
    assert changed.shape == images.shape
    assert np.abs(changed - images).mean() > 0.01 * (high - low)
    assert low - 1e-3 <= changed.min() and changed.max() <= high + 1e-3


def test_labels_are_blended_by_the_shares_of_the_images() -> None:
    # The value of an image's pixels is the class that it shows.
    ids = np.arange(8)
    images = np.broadcast_to(ids[:, None, None, None], (8, 2, 2, 3)).astype(np.float32)
    labels = np.eye(8, dtype=np.float32)
    mixed, mixed_labels = mix_pairs(tf.constant(images), tf.constant(labels), 0.2, SEED)
    np.testing.assert_allclose(mixed_labels.numpy().sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(mixed.numpy()[:, 0, 0, 0], mixed_labels.numpy() @ ids, rtol=1e-5)
    assert ((mixed_labels.numpy() > 0).sum(axis=1) <= 2).all()


def test_shares_are_beta_distributed() -> None:
    count = 20_000
    # The first half is of one class, the second, which is opposite, of the other.
    labels = tf.repeat(tf.eye(2), count // 2, axis=0)
    images = tf.zeros([count, 1, 1, 3])
    _, mixed = mix_pairs(images, labels, 0.4, SEED)
    shares = mixed.numpy()[: count // 2, 0]
    # Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
    np.testing.assert_allclose(shares.mean(), 0.5, atol=0.02)
    np.testing.assert_allclose(shares.var(), 1 / (4 * 1.8), rtol=0.05)


def test_same_seed_draws_the_same_mixup_shares() -> None:
    images, labels = tf.random.normal([6, 2, 2, 3]), tf.eye(6)
    first, again = (mix_pairs(images, labels, 0.2, SEED)[1] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = mix_pairs(images, labels, 0.2, SEED + 1)[1]
    assert (first.numpy() != other.numpy()).any()


def test_tiny_alpha_gives_finite_images() -> None:
    mixed, labels = mix_pairs(tf.ones([64, 1, 1, 3]), tf.eye(64), 1e-6, SEED)
    assert np.isfinite(mixed).all()
    np.testing.assert_allclose(labels.numpy().sum(axis=1), 1)
