"""preprocessing_fn: the one graph of images and labels in training and in serving."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.feature_keys import IMAGE, IMAGE_XF, LABEL, LABEL_VOCABULARY, LABEL_XF
from components.images.decode import decode_image
from components.transform.scaling import scale_pixels

FINDS_LABELS = "finds_labels"
"""Key of `custom_config`: whether Beam finds the vocabulary (the default), or the executor."""


def load_image(
    contents: tf.Tensor,
    *,
    image_size: int,
    interpolation: str,
    scale: str,
    max_pixels: int | None = None,
) -> tf.Tensor:
    """Decodes, resizes and scales one image.

    Args:
        contents: `[] string`, the bytes of a JPEG, PNG, GIF or BMP file.
        image_size: Height and width of the result, in pixels.
        interpolation: A method of `tf.image.resize`.
        scale: See `scale_pixels`.
        max_pixels: See `decode_image`.

    Returns:
        `[image_size, image_size, 3] float32` in the range of `scale`.
    """
    image = decode_image(contents, max_pixels)
    resized = tf.image.resize(image, [image_size, image_size], method=interpolation)
    resized = tf.ensure_shape(resized, [image_size, image_size, 3])
    return scale_pixels(tf.cast(resized, tf.float32), scale)


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Transform's entry point.

    Only the labels are analysed, so that the cost does not depend on the number of pixels.

    Args:
        inputs: `image/encoded` and `image/class/text`, each `[batch, 1] string`.
        custom_config: `image_size`, `interpolation` and `scale`, see `load_image`; perhaps
            `FINDS_LABELS`.

    Returns:
        `image_xf`, `[batch, image_size, image_size, 3] float32`, and `label_xf`,
        `[batch] string`. The vocabulary `labels` lists every label of the train split.
    """
    contents = tf.reshape(inputs[IMAGE], [-1])
    labels = tf.reshape(inputs[LABEL], [-1])
    if custom_config.get(FINDS_LABELS, True):
        tft.vocabulary(labels, vocab_filename=LABEL_VOCABULARY)
    size = custom_config["image_size"]
    images = tf.map_fn(
        lambda image: load_image(
            image,
            image_size=size,
            interpolation=custom_config["interpolation"],
            scale=custom_config["scale"],
            max_pixels=custom_config.get("max_pixels"),
        ),
        contents,
        fn_output_signature=tf.TensorSpec([size, size, 3], tf.float32),
    )
    return {IMAGE_XF: images, LABEL_XF: labels}
