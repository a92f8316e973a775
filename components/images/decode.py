"""The one decoder, of ingest, training and serving."""

import tensorflow as tf

from components.images.orientation import turn_upright


def decode_image(contents: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG, PNG, GIF (first frame) or BMP to RGB.

    Grayscale is repeated in three channels, alpha is dropped, 16 bits are scaled to 8, and an EXIF
    orientation is applied.

    Args:
        contents: `[] string`, the bytes of the file.

    Returns:
        `[height, width, 3] uint8` in [0, 255], upright.

    Raises:
        tf.errors.InvalidArgumentError: If the bytes are not an image, or not a whole one.
    """
    # Without `expand_animations=False` the result of a GIF has a fourth axis, the frames, and the
    # result of every other format no static rank.
    image = tf.io.decode_image(contents, channels=3, expand_animations=False)
    return tf.ensure_shape(turn_upright(image, contents), [None, None, 3])
