"""The batches of an epoch: images or stored features, with labels, reshuffled each epoch.

Each epoch's order follows from the seed and the epoch's number alone, so that a training that
resumes after an interruption sees what it would have seen.
"""

import math
import weakref
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf

from trainer.data.augmentation import mix_pairs
from trainer.data.input import ImageParser, Split, read_images, without_autograph


class Batches(Protocol):
    """A split, as a stage reads it."""

    @property
    def steps(self) -> int:
        """Batches per epoch."""

    def epoch(self, number: int) -> tf.data.Dataset:
        """The batches of one epoch.

        Args:
            number: Which epoch, from 0 on.

        Returns:
            A dataset of (inputs, `[batch, classes] float32` labels, `[batch] float32` weights of
            the examples in the loss).
        """


@dataclass(frozen=True)
class Labels:
    """A split: class ids, `[examples] int64`, weights in the loss, `[classes] float32`."""

    ids: np.ndarray
    class_weights: np.ndarray

    def encode(self, ids: tf.Tensor) -> tf.Tensor:
        """One-hot rows, `[batch, classes] float32`."""
        return tf.one_hot(ids, len(self.class_weights))

    def weigh(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Applies the class weights; each part of a blended label counts by its own class.

        Args:
            rows: `[batch, classes] float32`; each row sums to 1.

        Returns:
            Rows of the same kind, with the parts' shares in the loss, and the weight of each row,
            `[batch] float32`. The cross-entropy of such a row, times its weight, is the sum over
            classes of weight x share x -log(probability).
        """
        parts = rows * tf.constant(self.class_weights, tf.float32)
        weights = tf.reduce_sum(parts, axis=-1)
        return parts / weights[:, tf.newaxis], weights


@dataclass(frozen=True)
class FeatureBatches:
    """Batches of stored features.

    Attributes:
        features: `[examples, ...] float32`, in memory or a memory-mapped file.
        labels: Their labels, in the same order.
        batch_size: Examples per batch; the last one may be smaller.
        shuffle_seed: Seed of the epochs' orders; None keeps the stored one.
    """

    features: np.ndarray
    labels: Labels
    batch_size: int
    shuffle_seed: int | None = None

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return math.ceil(len(self.features) / self.batch_size)

    def epoch(self, number: int) -> tf.data.Dataset:
        """See `Batches`; inputs are `[batch, ...] float32`.

        The dataset holds no reference to the features: keep this object while it is read.
        """
        order = np.arange(len(self.features))
        if self.shuffle_seed is not None:
            np.random.default_rng((self.shuffle_seed, number)).shuffle(order)
        shape = [None, *self.features.shape[1:]]
        # tf.numpy_function keeps the Python function, and all that it references, until the
        # process ends.
        stored = weakref.ref(self.features)

        def take(rows: np.ndarray) -> np.ndarray:
            features = stored()
            assert features is not None
            return features[rows]

        @without_autograph
        def read(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            # Not tf.gather: its constant would be a second copy of all features in memory.
            features = tf.numpy_function(take, [rows], tf.float32)
            labels = self.labels.encode(tf.gather(self.labels.ids, rows))
            return tf.ensure_shape(features, shape), *self.labels.weigh(labels)

        rows = tf.data.Dataset.from_tensor_slices(order).batch(self.batch_size)
        batches = rows.map(read, tf.data.AUTOTUNE).prefetch(2)
        return batches.apply(tf.data.experimental.assert_cardinality(self.steps))


@dataclass(frozen=True)
class ImageBatches:
    """Batches of images, decoded as they are read.

    Attributes:
        split: The images.
        parse: Serialized examples to images.
        labels: Their labels.
        batch_size: Images per batch; the last one may be smaller.
        shuffle_seed: Seed of the epochs' orders; None keeps the files' order.
        mixup: Alpha of `mix_pairs`; 0 is off.
    """

    split: Split
    parse: ImageParser
    labels: Labels
    batch_size: int
    shuffle_seed: int | None = None
    mixup: float = 0.0

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return math.ceil(len(self.split) / self.batch_size)

    def epoch(self, number: int) -> tf.data.Dataset:
        """See `Batches`; inputs are `[batch, image_size, image_size, 3] float32`."""
        seed = None
        if self.shuffle_seed is not None:
            # tf.data takes one number; any two seeds and epochs give different ones.
            seed = int(np.random.SeedSequence((self.shuffle_seed, number)).generate_state(1)[0])
        images = read_images(self.split, self.parse, self.batch_size, seed)

        @without_autograph
        def encode(
            step: tf.Tensor, batch: tuple[tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            inputs, labels = batch[0], self.labels.encode(batch[1])
            if self.mixup:
                inputs, labels = mix_pairs(inputs, labels, self.mixup, tf.stack([seed, step]))
            return inputs, *self.labels.weigh(labels)

        return images.enumerate().map(encode, tf.data.AUTOTUNE)
