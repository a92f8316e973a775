"""Images and labels are blended by the same shares."""

import numpy as np
import tensorflow as tf

from trainer.data.mixup import mix_pairs

SEED = tf.constant([1, 2], tf.int64)


def test_labels_tell_how_much_of_each_image_is_there() -> None:
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
    # The first half is of one class, the second, which stands opposite, of the other.
    labels = tf.repeat(tf.eye(2), count // 2, axis=0)
    images = tf.zeros([count, 1, 1, 3])
    _, mixed = mix_pairs(images, labels, 0.4, SEED)
    shares = mixed.numpy()[: count // 2, 0]
    # Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
    np.testing.assert_allclose(shares.mean(), 0.5, atol=0.02)
    np.testing.assert_allclose(shares.var(), 1 / (4 * 1.8), rtol=0.05)


def test_same_seed_draws_the_same_shares() -> None:
    images, labels = tf.random.normal([6, 2, 2, 3]), tf.eye(6)
    first, again = (mix_pairs(images, labels, 0.2, SEED)[1] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = mix_pairs(images, labels, 0.2, SEED + 1)[1]
    assert (first.numpy() != other.numpy()).any()


def test_tiny_alpha_leaves_numbers() -> None:
    mixed, labels = mix_pairs(tf.ones([64, 1, 1, 3]), tf.eye(64), 1e-6, SEED)
    assert np.isfinite(mixed).all()
    np.testing.assert_allclose(labels.numpy().sum(axis=1), 1)
