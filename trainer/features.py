"""Features of the frozen part, computed once a picture and kept in memory or, if large, on disk."""

import math
import os
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.progress import report_progress


class FeatureBatches(keras.utils.PyDataset):
    """Stored features in batches, in a new seeded order each epoch.

    Args:
        features: `[examples, ...] float32`, in memory or a memory-mapped file.
        label_ids: `[examples] int64`.
        batch_size: Examples a batch; the last one may hold fewer.
        shuffle_seed: Seed of the orders; None keeps the stored one.
    """

    def __init__(
        self,
        features: np.ndarray,
        label_ids: np.ndarray,
        batch_size: int,
        shuffle_seed: int | None = None,
    ):
        super().__init__()
        self._features = features
        self._label_ids = label_ids
        self._batch_size = batch_size
        self._random = None if shuffle_seed is None else np.random.default_rng(shuffle_seed)
        self._order = np.arange(len(label_ids))
        self.on_epoch_end()

    def __len__(self) -> int:
        """Number of batches."""
        return math.ceil(len(self._label_ids) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """One batch: (`[batch, ...] float32`, `[batch] int64`)."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._features[rows], self._label_ids[rows]

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order."""
        if self._random is not None:
            self._random.shuffle(self._order)


class FrozenPart:
    """The frozen part of a network as one graph, traced once for every split.

    Args:
        part: Pictures to features.
    """

    def __init__(self, part: keras.Model):
        self._part = part

    @tf.function(reduce_retracing=True)
    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """Features of `[batch, height, width, 3] float32` pictures."""
        return self._part(pictures, training=False)


def compute_features(
    frozen: FrozenPart,
    pictures: tf.data.Dataset,
    count: int,
    cache_bytes: int,
    folder: Path,
    title: str,
) -> np.ndarray:
    """Runs the frozen part once over every picture.

    Args:
        frozen: The network's frozen part.
        pictures: Batches of (`[batch, height, width, 3] float32`, label ids), in a fixed order.
        count: Number of pictures.
        cache_bytes: Largest size that is kept in memory; larger features go to a file.
        folder: Where that file goes.
        title: What progress lines call these pictures.

    Returns:
        `[count, ...] float32` in the order of `pictures`.

    Raises:
        UserError: The disk has no room for that file.
    """
    features: np.ndarray | None = None
    done = 0
    for batch, _ in pictures:
        values = frozen(batch).numpy()
        if features is None:
            features = _allocate((count, *values.shape[1:]), cache_bytes, folder)
        features[done : done + len(values)] = values
        done += len(values)
        report_progress("Trainer", f"features of {title} pictures", done, count)
    assert features is not None and done == count
    return features


def _allocate(shape: tuple[int, ...], cache_bytes: int, folder: Path) -> np.ndarray:
    if 4 * math.prod(shape) <= cache_bytes:
        return np.empty(shape, np.float32)
    size = 4 * math.prod(shape)
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            # Now, rather than while the mapped file is written: a full disk is a bus error there.
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise UserError(
                f"the features of this stage need {size / 1e9:.1f} GB in {folder}: "
                f"{error.strerror}",
                hint="Make room, or unfreeze from a later layer.",
            ) from error
        # The file has no name: it goes with the last array that shows it, whatever happens.
        return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
