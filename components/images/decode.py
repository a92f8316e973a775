"""The one decoder, of ingest, training and serving."""

import tensorflow as tf

from components.images.orientation import turn_upright
from components.images.pixel_count import count_pixels


def decode_image(contents: tf.Tensor, max_pixels: int | None = None) -> tf.Tensor:
    """Decodes a JPEG, PNG, GIF (first frame) or BMP to RGB.

    Grayscale is repeated in three channels, alpha is dropped, 16 bits are scaled to 8, and an EXIF
    orientation is applied.

    Args:
        contents: `[] string`, the bytes of the file.
        max_pixels: Most pixels, the frames of a GIF together, of an image that gets its right
            colours; None where both were checked before.

    Returns:
        `[height, width, 3] uint8` in [0, 255], upright.

    Raises:
        tf.errors.InvalidArgumentError: If the bytes are not an image, or not a whole one, or of too
            many pixels.
    """
    if max_pixels is not None:
        # Before anything is decoded: what is allocated follows from the header. Nothing at all is
        # an image that cannot be decoded; an assertion would cost ten operations for each image.
        contents = tf.where(count_pixels(contents, only_right=True) <= max_pixels, contents, "")
    # Without `expand_animations=False` the result of a GIF has a fourth axis, the frames, and the
    # result of every other format no static rank.
    image = tf.io.decode_image(contents, channels=3, expand_animations=False)
    return tf.ensure_shape(turn_upright(image, contents), [None, None, 3])
