"""tf.Examples in TFRecord files to batches of images and labels."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.evaluator.gate.training_images import ImageIds, image_ids
from components.feature_keys import IMAGE, IMAGE_XF, LABEL, LABEL_VOCABULARY, SHA256
from components.records import open_records

# Examples that are read, decoded, or go through a network without gradients at a time: enough to
# keep every core busy.
_MAX_BATCH_SIZE = 64
# Fewer where images are large: this is 64 images of 224 x 224 pixels, 37 MiB as floats.
_MAX_BATCH_PIXELS = 64 * 224 * 224
# Training needs more memory for one image than inference for four. EfficientNetB0 of 224 pixels on
# a CPU took 0.64 GB for 4 images in training, and 2.1 GB for 128 in inference.
_INFERENCE_IMAGES_PER_TRAINING_IMAGE = 4
# Encoded images in the shuffle buffer: 10,000 of 50 KB each.
_MAX_SHUFFLED = 10_000
_MAX_SHUFFLE_BYTES = 512 * 1024**2

_RAW_FEATURES = {
    IMAGE: tf.io.FixedLenFeature([1], tf.string),
    LABEL: tf.io.FixedLenFeature([1], tf.string),
}
_TEXT_FEATURES = {
    LABEL: _RAW_FEATURES[LABEL],
    # Examples that another program made may have none.
    SHA256: tf.io.FixedLenFeature([], tf.string, default_value=""),
}

ImageParser = Callable[[tf.Tensor], tf.Tensor]

# These functions are plain TensorFlow: AutoGraph would rewrite them each time, to no effect.
without_autograph = tf.autograph.experimental.do_not_convert


@dataclass(frozen=True)
class Split:
    """One split of the examples, as the Trainer reads it.

    Attributes:
        files: TFRecord files of serialized tf.Examples, in a fixed order.
        label_ids: `[examples] int64`, each an index into `labels`, in the files' order.
        labels: The class names, sorted.
        image_ids: See `components.evaluator.gate.training_images`.
    """

    files: tuple[str, ...]
    label_ids: np.ndarray
    labels: tuple[str, ...]
    image_ids: ImageIds = field(default_factory=lambda: image_ids(()))

    def __len__(self) -> int:
        return len(self.label_ids)

    @property
    def class_counts(self) -> dict[str, int]:
        """Number of examples of each class."""
        counts = Counter(self.label_ids.tolist())
        return {label: counts[index] for index, label in enumerate(self.labels)}

    @cached_property
    def shuffle_buffer(self) -> int:
        """Size of the shuffle buffer, in examples: 512 MB of them at most."""
        total = sum(tf.io.gfile.stat(file).length for file in self.files)
        fitting = _MAX_SHUFFLE_BYTES * len(self) // max(1, total)
        return max(1, min(len(self), _MAX_SHUFFLED, fitting))


def choose_inference_batch_size(image_size: int, batch_size: int) -> int:
    """Images per batch where nothing is trained; a training step's fit into memory."""
    fitting = min(
        _MAX_BATCH_PIXELS // image_size**2, _INFERENCE_IMAGES_PER_TRAINING_IMAGE * batch_size
    )
    return max(1, min(_MAX_BATCH_SIZE, fitting))


def read_labels(transform: tft.TFTransformOutput) -> tuple[str, ...]:
    """The class names in the order of the model's scores: sorted, whatever their frequency."""
    return tuple(sorted(name.decode() for name in transform.vocabulary_by_name(LABEL_VOCABULARY)))


def open_split(patterns: Sequence[str], labels: Sequence[str]) -> Split:
    """Finds the files of patterns, as `fn_args` has them; reads all but the images."""
    files = tuple(sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern)))
    position = {label: index for index, label in enumerate(labels)}
    batches = open_records(files).batch(_MAX_BATCH_SIZE).map(_parse_label_and_digest)
    rows = [row for batch in batches.as_numpy_iterator() for row in zip(*batch, strict=True)]
    label_ids = np.asarray([position[label.decode()] for label, _ in rows], np.int64)
    digests = image_ids(digest.decode() for _, digest in rows)
    return Split(files, label_ids, tuple(labels), digests)


def build_parser(
    transform_layer: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]],
) -> ImageParser:
    """The graph from serialized examples to images, traced once for every split and stage.

    Args:
        transform_layer: `TFTransformOutput.transform_features_layer()`.

    Returns:
        A function from serialized tf.Examples, `[batch] string`, to images in the backbone's
        range, `[batch, image_size, image_size, 3] float32`.
    """

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    @without_autograph
    def parse(serialized: tf.Tensor) -> tf.Tensor:
        features = tf.io.parse_example(serialized, {IMAGE: _RAW_FEATURES[IMAGE]})
        return transform_layer(features)[IMAGE_XF]

    return parse


def read_images(
    split: Split,
    parse: ImageParser,
    batch_size: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Reads a split's images through the Transform graph.

    Args:
        split: As `open_split` returns it.
        parse: As `build_parser` returns it.
        batch_size: Images per batch; the last batch may be smaller.
        shuffle_seed: Seed of a new order in each epoch; None keeps the files' order.

    Returns:
        A dataset of (`[batch, image_size, image_size, 3] float32` in the backbone's range,
        `[batch] int64` label ids).
    """
    records = open_records(split.files)
    label_ids = tf.data.Dataset.from_tensor_slices(split.label_ids)
    examples = tf.data.Dataset.zip(records, label_ids)
    if shuffle_seed is not None:
        # They were written in the order of their hashes, so that a small buffer is enough.
        examples = examples.shuffle(split.shuffle_buffer, seed=shuffle_seed)

    batches = examples.batch(batch_size).map(
        without_autograph(lambda serialized, ids: (parse(serialized), ids)), tf.data.AUTOTUNE
    )
    batches = batches.prefetch(2)
    # TFRecord files do not say how many examples they hold; the labels have been counted.
    count = math.ceil(len(split) / batch_size)
    return batches.apply(tf.data.experimental.assert_cardinality(count))


@without_autograph
def _parse_label_and_digest(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    features = tf.io.parse_example(serialized, _TEXT_FEATURES)
    return tf.reshape(features[LABEL], [-1]), features[SHA256]
