"""Features of the frozen part, computed once an image and kept in memory or, if large, on disk."""

import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.progress import report_progress
from trainer.data.input import ImageParser, Split, read_images
from trainer.network.folding import fold_batch_norm

Boundary = int
"""Index of the layer of the network whose output is stored."""


class FrozenPart:
    """A frozen part of a network as one graph, traced once for every split and size of batch.

    Args:
        part: Images, or stored features, to features.
    """

    def __init__(self, part: keras.Model):
        part = fold_batch_norm(part)
        self._compute = tf.function(
            lambda inputs: tf.cast(part(inputs, training=False), tf.float32),
            input_signature=[tf.TensorSpec(part.inputs[0].shape, tf.float32)],
            autograph=False,
        )

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Features of `[batch, ...] float32` inputs, in float32 whatever the network uses."""
        return self._compute(inputs)


class FeatureStore:
    """The features that stages train on.

    Each is computed once: later stages take what an earlier one computed, and where a later stage
    reads the network further down, the earlier one's features are computed from those.

    Args:
        body: The network up to its head.
        parse: Serialized examples to images.
        cache_bytes: Memory for all arrays together; those past it go to a file each.
        folder: Where those files go.
        batch_size: Images that are computed at a time.
    """

    def __init__(
        self,
        body: keras.Model,
        parse: ImageParser,
        cache_bytes: int,
        folder: Path,
        batch_size: int,
    ) -> None:
        self._body = body
        self._parse = parse
        self._cache_bytes = cache_bytes
        self._folder = folder
        self._batch_size = batch_size
        self._parts: dict[tuple[Boundary | None, Boundary], FrozenPart] = {}
        self._stored: dict[tuple[str, Boundary], np.ndarray] = {}

    def get(
        self, title: str, split: Split, boundary: Boundary, later: tuple[Boundary, ...] = ()
    ) -> np.ndarray:
        """The features of a split.

        Args:
            title: What the split's images are called; the same for the same split.
            split: The images.
            boundary: Which features.
            later: What will be asked for later, of the same split.

        Returns:
            `[examples, ...] float32`, in the split's order.

        Raises:
            UserError: The disk has no room for them.
        """
        lowest = min(boundary, *later) if later else boundary
        for wanted in sorted({lowest, boundary}):
            if (title, wanted) not in self._stored:
                self._stored[title, wanted] = self._compute(title, split, wanted)
        return self._stored[title, boundary]

    def forget(self, keep: set[tuple[str, Boundary]]) -> None:
        """Frees everything but what is named."""
        self._stored = {key: value for key, value in self._stored.items() if key in keep}

    def _compute(self, title: str, split: Split, boundary: Boundary) -> np.ndarray:
        below = [at for name, at in self._stored if name == title and at < boundary]
        start = max(below) if below else None
        inputs = self._images(split) if start is None else self._slices(title, start)
        part = self._part(start, boundary)
        features: np.ndarray | None = None
        done = 0
        for batch in inputs:
            values = part(batch).numpy()
            if features is None:
                shape = (len(split), *values.shape[1:])
                features = _allocate(shape, self._free_bytes(), self._folder)
            features[done : done + len(values)] = values
            done += len(values)
            report_progress("Trainer", f"features of {title} images", done, len(split))
        assert features is not None and done == len(split)
        return features

    def _images(self, split: Split) -> Iterator[tf.Tensor]:
        for images, _ in read_images(split, self._parse, self._batch_size):
            yield images

    def _slices(self, title: str, boundary: Boundary) -> Iterator[tf.Tensor]:
        features = self._stored[title, boundary]
        for start in range(0, len(features), self._batch_size):
            yield tf.constant(features[start : start + self._batch_size])

    def _free_bytes(self) -> int:
        in_memory = [one for one in self._stored.values() if not isinstance(one, np.memmap)]
        return self._cache_bytes - sum(features.nbytes for features in in_memory)

    def _part(self, start: Boundary | None, end: Boundary) -> FrozenPart:
        if (start, end) not in self._parts:
            layers = self._body.layers
            inputs = self._body.inputs[0] if start is None else layers[start].output
            part = keras.Model(inputs, layers[end].output, name="frozen_part")
            self._parts[start, end] = FrozenPart(part)
        return self._parts[start, end]


def _allocate(shape: tuple[int, ...], free_bytes: int, folder: Path) -> np.ndarray:
    size = 4 * math.prod(shape)
    if size <= free_bytes:
        return np.empty(shape, np.float32)
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            # Now, rather than while the mapped file is written: a full disk is a bus error there.
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise UserError(
                f"the features of this stage need {size / 1e9:.1f} GB in {folder}: "
                f"{error.strerror}",
                hint="Make room, or freeze more layers.",
            ) from error
        # The file has no name: it goes with the last array that shows it, whatever happens.
        return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)


if TYPE_CHECKING:
    import keras

_WORTH_A_NUMBER = 1000
"""Multiplications that cost as much as a stored number: its 4 bytes take 20 ns to read from a disk
of 200 MB/s, in which time a few CPU cores make about 1,000 at 50 a nanosecond."""


def is_worth_storing(network: "keras.Model", boundary: int) -> bool:
    """Whether features are smaller than the images, or take long enough to compute.

    The lowest layers put out several times what they read, for little work. Of 224 pixels, ResNet50
    puts out 5.3 times the image's numbers at 20 % of its layers, and 1.3 times at 70 %; VGG16
    2.7 times at 70 %; MobileNetV2 (160 pixels) 3.2 times at 20 %, and an eighth at 70 %. Stored are
    all of these but the first of ResNet50 and MobileNetV2.

    Args:
        network: A functional model of images.
        boundary: Index of the layer whose output would be stored.
    """
    features = math.prod(network.layers[boundary].output.shape[1:])
    if features < math.prod(network.input_shape[1:]):
        return True
    return _count_multiplications(network.layers[: boundary + 1]) >= _WORTH_A_NUMBER * features


def _count_multiplications(layers: "list[keras.Layer]") -> int:
    """How many an image takes: each kernel is applied at each position of the layer's output."""
    return sum(
        math.prod(weight.shape) * math.prod(layer.output.shape[1:-1])
        for layer in layers
        for weight in layer.weights
        if len(weight.shape) > 1
    )
