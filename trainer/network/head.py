"""The new top of the network: pooling, then the layers from a vector to the logits."""

import keras
import tensorflow as tf

from trainer.network.settings import ModelSettings


class TwoLogits(keras.layers.Layer):
    """Makes two logits of one: zero for the first class, the logit for the second.

    softmax([0, z]) is [1 - sigmoid(z), sigmoid(z)], so that loss, scores and gate are the same for
    one logit and for many.
    """

    def call(self, logit: tf.Tensor) -> tf.Tensor:
        """From `[batch, 1]` to `[batch, 2]`."""
        return tf.pad(logit, [[0, 0], [1, 0]])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`[batch, 2]`."""
        return (input_shape[0], 2)


def build_pooling(name: str) -> keras.Layer:
    """The layer from a feature map to one vector per image; it has no weights.

    Args:
        name: `avg` or `max` over the map's positions, or `flatten` to keep them all.

    Returns:
        A layer from `[batch, height, width, channels]` to `[batch, features]`.
    """
    poolings = {
        "avg": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
        "flatten": keras.layers.Flatten,
    }
    return poolings[name](name="pooling")


def build_head(settings: ModelSettings, features: int, classes: int) -> keras.Sequential:
    """The trained top.

    Args:
        settings: The `model` section.
        features: Length of the vector.
        classes: Number of classes; 2 for a sigmoid.

    Returns:
        A model from `[batch, features] float32` to logits `[batch, classes] float32`.
    """
    is_one_logit = settings.activation == "sigmoid"
    layers: list[keras.Layer] = [keras.Input((features,))]
    if settings.batch_norm:
        # Synchronized: on several devices the statistics are those of the whole batch.
        layers.append(keras.layers.BatchNormalization(name="batch_norm", synchronized=True))
    for number, units in enumerate(settings.hidden_units, start=1):
        layers.append(keras.layers.Dense(units, activation="relu", name=f"hidden_{number}"))
    layers.append(keras.layers.Dropout(settings.dropout, name="dropout"))
    # Logits stay float32 under mixed precision.
    units = 1 if is_one_logit else classes
    layers.append(keras.layers.Dense(units, name="logits", dtype="float32"))
    if is_one_logit:
        layers.append(TwoLogits(name="two_logits", dtype="float32"))
    return keras.Sequential(layers, name="head")
