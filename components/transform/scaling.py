"""What a backbone expects of its pixels, as graph operations."""

from collections.abc import Callable

import tensorflow as tf

# Means and deviations of ImageNet's pixels, R G B, as in keras.applications.imagenet_utils.
_MEAN_RGB_255 = (123.68, 116.779, 103.939)
_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)


def _to_unit_range(images: tf.Tensor) -> tf.Tensor:
    return images / 127.5 - 1.0


def _to_imagenet_deviations(images: tf.Tensor) -> tf.Tensor:
    return (images / 255.0 - tf.constant(_MEAN_RGB)) / tf.constant(_DEVIATION_RGB)


def _to_centred_bgr(images: tf.Tensor) -> tf.Tensor:
    return tf.reverse(images - tf.constant(_MEAN_RGB_255), axis=[-1])


SCALES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "raw": tf.identity,
    "tf": _to_unit_range,
    "torch": _to_imagenet_deviations,
    "caffe": _to_centred_bgr,
}


def scale_pixels(images: tf.Tensor, scale: str) -> tf.Tensor:
    """Scales pixels as `keras.applications.imagenet_utils.preprocess_input` does.

    Args:
        images: `[..., 3] float32` RGB in [0, 255].
        scale: `raw` (unchanged), `tf` ([-1, 1]), `torch` (ImageNet mean 0, deviation 1) or
            `caffe` (BGR, ImageNet mean 0).

    Returns:
        `[..., 3] float32`.
    """
    return SCALES[scale](images)


def unscale_pixels(images: tf.Tensor, scale: str) -> tf.Tensor:
    """The inverse of `scale_pixels`, `[..., 3] float32` RGB in [0, 255]."""
    match scale:
        case "tf":
            return (images + 1.0) * 127.5
        case "torch":
            return (images * tf.constant(_DEVIATION_RGB) + tf.constant(_MEAN_RGB)) * 255.0
        case "caffe":
            return tf.reverse(images, axis=[-1]) + tf.constant(_MEAN_RGB_255)
    return images
