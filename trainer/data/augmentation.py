"""Random changes of training images, mixup among them; never part of the served model."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from components.settings import Settings

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

# Range of pixel values after each scale of components.transform.scaling: contrast clips to it.
_VALUE_RANGES = {
    "raw": (0.0, 255.0),
    "tf": (-1.0, 1.0),
    "torch": (-2.118, 2.64),
    "caffe": (-123.68, 151.061),
}


class AugmentationSettings(Settings):
    """Random changes of the training images. All off: features are computed only once."""

    horizontal_flip: bool = False
    """Mirror half of the images left to right."""
    rotation: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest rotation either way, as a share of a full turn (keras.layers.RandomRotation)."""
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest zoom in or out, as a share of the size (keras.layers.RandomZoom)."""
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest change of contrast, as a share (keras.layers.RandomContrast)."""
    mixup: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Alpha of mixup, which blends pairs of images; 0 is off, 0.2 in arXiv:1710.09412."""

    @property
    def is_off(self) -> bool:
        """Whether images pass unchanged."""
        return self == AugmentationSettings()


def build_augmentation(
    settings: AugmentationSettings, scale: str, seed: int
) -> "list[keras.Layer]":
    """The layers that come before the network while a stage trains.

    Args:
        settings: Which changes, and how large; mixup is not a layer, see `mix_pairs`.
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


def mix_pairs(
    images: "tf.Tensor", labels: "tf.Tensor", alpha: float, seed: "tf.Tensor"
) -> "tuple[tf.Tensor, tf.Tensor]":
    """Mixup: blends each image of a batch, and its label, with the opposite one (arXiv:1710.09412).

    Args:
        images: `[batch, height, width, 3] float32`.
        labels: `[batch, classes] float32`; each row sums to 1.
        alpha: The share of the first image is drawn from Beta(alpha, alpha) for each pair.
        seed: `[2] int64`; the same seed draws the same shares.

    Returns:
        Images and labels of the same shapes and dtypes.
    """
    import tensorflow as tf

    count = tf.shape(labels)[0]
    gammas = tf.random.stateless_gamma([2, count], seed, alpha=alpha)
    # Two gamma variates of one shape: their share is Beta distributed. Both underflow to zero at
    # tiny alphas, where the share is 0 or 1.
    share = tf.math.divide_no_nan(gammas[0], gammas[0] + gammas[1])[:, tf.newaxis]
    mixed_labels = share * labels + (1 - share) * labels[::-1]
    share = share[..., tf.newaxis, tf.newaxis]
    return share * images + (1 - share) * images[::-1], mixed_labels
