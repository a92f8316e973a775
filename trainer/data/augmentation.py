"""Random changes of training images; they are part of training and never of the served model."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from trainer.settings import AugmentationSettings

# Range of pixel values after each scale of components.transform.scaling: contrast clips to it.
_VALUE_RANGES = {
    "raw": (0.0, 255.0),
    "tf": (-1.0, 1.0),
    "torch": (-2.118, 2.64),
    "caffe": (-123.68, 151.061),
}


def build_augmentation(
    settings: "AugmentationSettings", scale: str, seed: int
) -> "list[keras.Layer]":
    """The layers that a stage puts before the network while it trains.

    Args:
        settings: Which changes, and how large; mixup is not among them, see `trainer.data.mixup`.
        scale: How pixels are scaled, see `components.transform.scaling.scale_pixels`.
        seed: Seed of the first layer; the others follow from it.

    Returns:
        Keras layers from `[batch, height, width, 3] float32` to the same; none if all is off.
    """
    import keras

    # Pixels stay float32 under mixed precision: TensorFlow 2.16 cannot rotate others on a GPU.
    layers: list[keras.Layer] = []
    if settings.horizontal_flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed, dtype="float32"))
    if settings.rotation:
        layers.append(
            keras.layers.RandomRotation(settings.rotation, seed=seed + 1, dtype="float32")
        )
    if settings.zoom:
        layers.append(keras.layers.RandomZoom(settings.zoom, seed=seed + 2, dtype="float32"))
    if settings.contrast:
        layers.append(
            keras.layers.RandomContrast(
                settings.contrast,
                value_range=_VALUE_RANGES[scale],
                seed=seed + 3,
                dtype="float32",
            )
        )
    return layers
