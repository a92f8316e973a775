"""A part of a network that stays in inference mode while it is trained."""

import keras
import tensorflow as tf

from trainer.network.folding import fold_batch_norm


class InferenceMode(keras.layers.Layer):
    """Runs a part of the network in inference mode, also while `fit` trains it.

    `part(inputs, training=False)` in a functional model does not hold: Keras 3.12's `fit`
    passes its own `training=True` down to every node of the graph, and BatchNorm would lose its
    pretrained statistics.

    Args:
        part: A model; its weights stay trainable where they are.
    """

    def __init__(self, part: keras.Model):
        super().__init__(name=f"{part.name}_in_inference_mode")
        self.part = fold_batch_norm(part)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The part's output."""
        return self.part(inputs, training=False)
