"""Scores of some validation images, which the exported model is compared with.

The network in memory computes them from the training input, not the exported graph; and on the CPU,
where ServingCheck calls the model, since GPUs round differently.
"""

import hashlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from components.feature_keys import IMAGE
from components.records import open_records
from components.serving_check.reference import (
    ALONE,
    BATCH_SIZE,
    IMAGES,
    Reference,
    write_reference,
)
from trainer.data.input import ImageParser, Split, read_images
from trainer.network.network import Network


def write_serving_reference(network: Network, split: Split, parse: ImageParser, path: str) -> None:
    """Writes the scores of the first images of a split.

    The network computes in 32 bits, as the exported one does.
    """
    batches = read_images(split, parse, BATCH_SIZE).take(IMAGES // BATCH_SIZE)
    images = [batch for batch, _ in batches]
    alone = [images[0][index : index + 1] for index in range(min(ALONE, len(images[0])))]
    score = _build_score(network, images[0].shape[1:])
    reference = Reference(
        sha256=_hashes(split),
        scores=np.concatenate([score(batch).numpy() for batch in images]),
        scores_alone=np.concatenate([score(image).numpy() for image in alone]),
        classes=tuple(split.labels),
    )
    write_reference(reference, path)


def _build_score(network: Network, size: tf.TensorShape) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function from images, `[batch, *size] float32`, to scores `[batch, classes] float32`."""
    with tf.device("/CPU:0"):
        weights = [
            [tf.constant(weight.numpy()) for weight in weights]
            for model in (network.body, network.head)
            for weights in (model.trainable_variables, model.non_trainable_variables)
        ]

    # In a graph, as exported: single operations round differently from fused ones.
    @tf.function(input_signature=[tf.TensorSpec([None, *size], tf.float32)])
    def score(images: tf.Tensor) -> tf.Tensor:
        with tf.device("/CPU:0"):
            features, _ = network.body.stateless_call(*weights[:2], images, training=False)
            logits, _ = network.head.stateless_call(*weights[2:], features, training=False)
            return tf.nn.softmax(logits / network.temperature)

    return score


def _hashes(split: Split) -> tuple[str, ...]:
    records = open_records(split.files).take(IMAGES)
    spec = {IMAGE: tf.io.FixedLenFeature([], tf.string)}
    contents = records.map(lambda record: tf.io.parse_single_example(record, spec)[IMAGE])
    return tuple(hashlib.sha256(one).hexdigest() for one in contents.as_numpy_iterator())
