"""Features of the frozen part: computed once per image, kept in memory or, if large, on disk."""

import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.progress import report_progress
from trainer.data.input import ImageParser, Split, read_images
from trainer.network.folding import fold_batch_norm

LayerIndex = int
"""Index of the layer of the network whose output is stored."""

_MULTIPLICATIONS_PER_READ = 1000
"""Multiplications that take as long as reading a stored number: its 4 bytes take 20 ns from a
disk of 200 MB/s, in which time a few CPU cores do about 1,000 at 50 per nanosecond."""


def is_worth_storing(network: keras.Model, layer: LayerIndex) -> bool:
    """Whether features are smaller than the images, or take long enough to compute.

    The lowest layers output several times what they read, for little work. Of 224 pixels, ResNet50
    outputs 5.3 times the image's numbers at 20 % of its layers, and 1.3 times at 70 %; VGG16
    2.7 times at 70 %; MobileNetV2 (160 pixels) 3.2 times at 20 %, and an eighth at 70 %. All of
    these are stored but the first of ResNet50 and of MobileNetV2.

    Args:
        network: A functional model of images.
        layer: Index of the layer whose output would be stored.
    """
    features = math.prod(network.layers[layer].output.shape[1:])
    if features < math.prod(network.input_shape[1:]):
        return True
    return (
        _count_multiplications(network.layers[: layer + 1]) >= _MULTIPLICATIONS_PER_READ * features
    )


class FrozenPart:
    """A frozen part of a network as one graph, traced once for all splits and batch sizes.

    It reads images, or stored features.
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

    Each is computed once: later stages reuse what an earlier one computed, and where a later stage
    reads a lower layer, the earlier stage's features are computed from that layer's output.

    Args:
        body: The network up to its head.
        parse: Serialized examples to images.
        cache_bytes: Memory for all arrays together; an array past it goes to a file of its own.
        folder: Where those files go.
        batch_size: Images per forward pass.
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
        self._parts: dict[tuple[LayerIndex | None, LayerIndex], FrozenPart] = {}
        self._stored: dict[tuple[str, LayerIndex], np.ndarray] = {}

    def get(
        self, name: str, split: Split, layer: LayerIndex, later: tuple[LayerIndex, ...] = ()
    ) -> np.ndarray:
        """The features of a split.

        Args:
            name: The split's name, which identifies its stored features.
            split: The images.
            layer: The layer whose output the features are.
            later: Layers whose features of the same split will be requested later.

        Returns:
            `[examples, ...] float32`, in the split's order.

        Raises:
            UserError: The disk is too small for them.
        """
        lowest = min((layer, *later))
        for each in sorted({lowest, layer}):
            if (name, each) not in self._stored:
                self._stored[name, each] = self._compute(name, split, each)
        return self._stored[name, layer]

    def forget(self, keep: set[tuple[str, LayerIndex]]) -> None:
        """Frees all features but those of these splits and layers."""
        self._stored = {key: value for key, value in self._stored.items() if key in keep}

    def _compute(self, name: str, split: Split, layer: LayerIndex) -> np.ndarray:
        below = [at for stored, at in self._stored if stored == name and at < layer]
        start = max(below) if below else None
        inputs = self._images(split) if start is None else self._slices(name, start)
        part = self._part(start, layer)
        features: np.ndarray | None = None
        done = 0
        for batch in inputs:
            values = part(batch).numpy()
            if features is None:
                shape = (len(split), *values.shape[1:])
                features = _allocate(shape, self._free_bytes(), self._folder)
            features[done : done + len(values)] = values
            done += len(values)
            report_progress("Trainer", f"features of {name} images", done, len(split))
        assert features is not None and done == len(split)
        return features

    def _images(self, split: Split) -> Iterator[tf.Tensor]:
        for images, _ in read_images(split, self._parse, self._batch_size):
            yield images

    def _slices(self, name: str, layer: LayerIndex) -> Iterator[tf.Tensor]:
        features = self._stored[name, layer]
        for start in range(0, len(features), self._batch_size):
            yield tf.constant(features[start : start + self._batch_size])

    def _free_bytes(self) -> int:
        in_memory = [one for one in self._stored.values() if not isinstance(one, np.memmap)]
        return self._cache_bytes - sum(features.nbytes for features in in_memory)

    def _part(self, start: LayerIndex | None, end: LayerIndex) -> FrozenPart:
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
            # Now, rather than while the mapped file is written: there, a full disk is a bus error.
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise UserError(
                f"the features of this stage need {size / 1e9:.1f} GB in {folder}: "
                f"{error.strerror}",
                hint="Free disk space, or freeze more layers.",
            ) from error
        # The file has no name: it is deleted with the last array that maps it, whatever happens.
        return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)


def _count_multiplications(layers: list[keras.Layer]) -> int:
    """Multiplications per image: each kernel is applied at each position of the layer's output."""
    return sum(
        math.prod(weight.shape) * math.prod(layer.output.shape[1:-1])
        for layer in layers
        for weight in layer.weights
        if len(weight.shape) > 1
    )
