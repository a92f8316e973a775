"""Mixup: each training image is blended with another one, and so are their labels."""

import tensorflow as tf


def mix_pairs(
    images: tf.Tensor, labels: tf.Tensor, alpha: float, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Blends each image of a batch with the one that stands opposite (arXiv:1710.09412).

    Args:
        images: `[batch, height, width, 3] float32`.
        labels: `[batch, classes] float32`; each row adds to 1.
        alpha: The share of the first image is drawn from Beta(alpha, alpha), anew for each pair.
        seed: `[2] int64`; the same one draws the same shares.

    Returns:
        Images and labels of the same shapes and dtypes.
    """
    count = tf.shape(labels)[0]
    gammas = tf.random.stateless_gamma([2, count], seed, alpha=alpha)
    # Two gamma variates of one shape: their share is Beta distributed. Both underflow to zero at
    # tiny alphas, where the share is 0 or 1.
    share = tf.math.divide_no_nan(gammas[0], gammas[0] + gammas[1])[:, tf.newaxis]
    mixed_labels = share * labels + (1 - share) * labels[::-1]
    share = share[..., tf.newaxis, tf.newaxis]
    return share * images + (1 - share) * images[::-1], mixed_labels
