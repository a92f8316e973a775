"""How many pixels a decoder would touch, from the header, in TensorFlow's graph.

What `components.images.formats.read_header` finds at ingest, the exported model finds before it
decodes what a client sends: 48 kB of PNG can be 400 million pixels.
"""

import tensorflow as tf

from components.images.colours import has_adobe_marker, is_right_bmp
from components.images.file_bytes import big_endian, read_bytes

REFUSED = 2**62
"""In place of the pixels of an image that TensorFlow decodes wrongly: more than any limit."""

_GIF_HEADER_BYTES = 13
_FRAME, _EXTENSION = 0x2C, 0x21


def count_pixels(contents: tf.Tensor, only_right: bool = False) -> tf.Tensor:
    """Counts the pixels of a JPEG, PNG, BMP or GIF, of a GIF's frames together.

    Args:
        contents: `[] string`, the bytes of any file.
        only_right: Whether `REFUSED` stands for the pixels of an image that TensorFlow decodes
            to other colours, or of whose canvas it leaves out a part.

    Returns:
        `[] int64`; 0 of a file of another format.

    Raises:
        tf.errors.InvalidArgumentError: If it is a JPEG without a valid header.
    """
    is_jpeg = tf.strings.substr(contents, 0, 3) == b"\xff\xd8\xff"
    is_png = tf.strings.substr(contents, 0, 4) == b"\x89PNG"
    return tf.cond(
        is_jpeg,
        lambda: _count_in_jpeg(contents, only_right),
        lambda: tf.cond(
            is_png,
            lambda: _count_in_png(contents),
            lambda: _count_in_bmp_or_gif(contents, only_right),
        ),
    )


def _count_in_jpeg(contents: tf.Tensor, only_right: bool) -> tf.Tensor:
    shape = tf.cast(tf.image.extract_jpeg_shape(contents), tf.int64)
    pixels = shape[0] * shape[1]
    if not only_right:
        return pixels
    return tf.cond(
        shape[2] == 4,
        lambda: tf.where(has_adobe_marker(contents), pixels, REFUSED),
        lambda: pixels,
    )


def _count_in_png(contents: tf.Tensor) -> tf.Tensor:
    """Width and height, 32 bits each. The zeros are for a file that ends before."""
    size = tf.strings.substr(tf.strings.substr(contents, 0, 24) + bytes(24), 16, 8)
    size = tf.io.decode_raw(size, tf.int32, little_endian=False)
    return tf.reduce_prod(tf.cast(size, tf.int64))


# See `components.images.orientation._turn_by_exif`.
@tf.function(autograph=False, experimental_attributes={"_noinline": True}, reduce_retracing=True)
def _count_in_bmp_or_gif(contents: tf.Tensor, only_right: bool) -> tf.Tensor:
    is_bmp = tf.strings.substr(contents, 0, 2) == b"BM"
    is_gif = tf.strings.substr(contents, 0, 4) == b"GIF8"
    none = tf.constant(0, tf.int64)
    return tf.cond(
        is_bmp,
        lambda: _count_in_bmp(contents, only_right),
        lambda: tf.cond(is_gif, lambda: _count_in_gif(contents, only_right), lambda: none),
    )


def _count_in_bmp(contents: tf.Tensor, only_right: bool) -> tf.Tensor:
    """Width and height, which is negative where the rows are stored from the top."""
    data = tf.cast(tf.reshape(read_bytes(contents, 18, 8), [2, 4]), tf.int64)
    size = tf.reduce_sum(data * [1, 2**8, 2**16, 2**24], -1)
    size = tf.where(size >= 2**31, 2**32 - size, size)
    pixels = tf.reduce_prod(size)
    return tf.where(is_right_bmp(contents), pixels, REFUSED) if only_right else pixels


def _count_in_gif(contents: tf.Tensor, only_right: bool) -> tf.Tensor:
    """All frames, or the canvas around them: see `components.images.formats.measure_gif`."""
    canvas = _little_endian(read_bytes(contents, 6, 4))

    def step(
        position: tf.Tensor,
        right: tf.Tensor,
        bottom: tf.Tensor,
        total: tf.Tensor,
        is_whole: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        head = read_bytes(contents, position, 10)
        is_frame, is_extension = head[0] == _FRAME, head[0] == _EXTENSION
        place = _little_endian(head[1:9])  # left, top, width, height
        wide, high = tf.cast(place[2], tf.int64), tf.cast(place[3], tf.int64)
        start = tf.where(is_frame, position + 11 + _color_table_bytes(head[9]), position + 2)
        following = tf.cond(
            is_frame | is_extension, lambda: _skip_blocks(contents, start), lambda: 2**30
        )
        return (
            following,
            tf.where(is_frame, tf.maximum(right, place[0] + place[2]), right),
            tf.where(is_frame, tf.maximum(bottom, place[1] + place[3]), bottom),
            total + tf.where(is_frame, wide * high, 0),
            # TensorFlow returns the first frame without the canvas around it.
            is_whole & (~is_frame | (total > 0) | tf.reduce_all(place[2:] >= canvas)),
        )

    start = _GIF_HEADER_BYTES + _color_table_bytes(read_bytes(contents, 10, 1)[0])
    _, right, bottom, total, is_whole = tf.while_loop(
        lambda position, *_: position < tf.strings.length(contents),
        step,
        (start, canvas[0], canvas[1], tf.constant(0, tf.int64), tf.constant(True)),
    )
    pixels = tf.maximum(total, tf.cast(right, tf.int64) * tf.cast(bottom, tf.int64))
    return tf.where(is_whole | (not only_right), pixels, REFUSED)


def _skip_blocks(contents: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Position behind a chain of blocks, each led by its length and the last one empty."""

    def step(at: tf.Tensor, is_over: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        length = read_bytes(contents, at, 1)[0]
        return at + 1 + length, length == 0

    end, _ = tf.while_loop(
        lambda at, is_over: (at < tf.strings.length(contents)) & ~is_over,
        step,
        (position, tf.constant(False)),
    )
    return end


def _color_table_bytes(flags: tf.Tensor) -> tf.Tensor:
    """Size of the color table that a flag byte announces."""
    size = tf.bitwise.left_shift(3, tf.bitwise.bitwise_and(flags, 7) + 1)
    return tf.where(flags >= 0x80, size, 0)


def _little_endian(data: tf.Tensor) -> tf.Tensor:
    """`[2 n] int32` bytes to `[n] int32` numbers of 16 bits."""
    return big_endian(tf.reverse(tf.reshape(data, [-1, 2]), [-1]))
