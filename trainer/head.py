"""The new top of the network: pooling, then dropout and logits."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from trainer.settings import ModelSettings


def build_pooling(name: str) -> "keras.Layer":
    """The layer from a feature map to one vector a picture; it has no weights.

    Args:
        name: `avg` or `max` over the map's positions, or `flatten` to keep them all.

    Returns:
        A layer from `[batch, height, width, channels]` to `[batch, features]`.
    """
    import keras

    poolings = {
        "avg": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
        "flatten": keras.layers.Flatten,
    }
    return poolings[name](name="pooling")


def build_head(settings: "ModelSettings", classes: int) -> "keras.Sequential":
    """The trained top.

    Args:
        settings: The `model` section, for its dropout.
        classes: Number of classes.

    Returns:
        A model from `[batch, features] float32` to logits `[batch, classes] float32`.
    """
    import keras

    return keras.Sequential(
        [
            keras.layers.Dropout(settings.dropout, name="dropout"),
            # Logits stay float32 under mixed precision.
            keras.layers.Dense(classes, name="logits", dtype="float32"),
        ],
        name="head",
    )
