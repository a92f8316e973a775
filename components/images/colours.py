"""Which BMPs and CMYK JPEGs TensorFlow decodes to their colours, in the graph.

TensorFlow takes the numbers of a BMP's palette for gray, and ignores that a BMP is compressed or
packed. It takes a CMYK JPEG without Adobe's marker for not inverted, which other programs do not.
Ingest notices by comparing with Pillow; the exported model refuses them before it decodes.
"""

import tensorflow as tf

from components.images.file_bytes import big_endian, read_bytes, read_text, walk

_RGB, _BITFIELDS = 0, 3  # BITMAPINFOHEADER, biCompression
_MASKS = (0x00FF0000, 0x0000FF00, 0x000000FF)  # red, green, blue, as TensorFlow assumes them
_APP14, _SCAN = 0xEE, 0xDA


def is_right_bmp(contents: tf.Tensor) -> tf.Tensor:
    """Whether TensorFlow decodes a BMP to its colours, as `[] bool`."""
    header = _number(contents, 14, 4)
    bits, compression = _number(contents, 28, 2), _number(contents, 30, 4)
    masks = tf.stack([_number(contents, 54 + 4 * index, 4) for index in range(3)])
    is_standard = (compression == _BITFIELDS) & tf.reduce_all(masks == tf.constant(_MASKS))
    is_plain = (header >= 40) & ((compression == _RGB) | ((bits == 32) & is_standard))
    return is_plain & ((bits != 8) | _is_gray(contents, header))


def _is_gray(contents: tf.Tensor, header: tf.Tensor) -> tf.Tensor:
    """Whether each entry of the palette (blue, green, red, 0) is the gray of its number."""
    count = tf.clip_by_value((_number(contents, 10, 4) - 14 - header) // 4, 0, 256)
    entries = tf.reshape(read_bytes(contents, 14 + header, 4 * count), [-1, 4])
    return tf.reduce_all(entries[:, :3] == tf.range(count)[:, tf.newaxis])


def _number(contents: tf.Tensor, position: int, size: int) -> tf.Tensor:
    return big_endian(tf.reverse(read_bytes(contents, position, size), [0]))


# See `components.images.orientation._turn_by_exif`.
@tf.function(
    input_signature=[tf.TensorSpec([], tf.string)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def has_adobe_marker(contents: tf.Tensor) -> tf.Tensor:
    """Whether a JPEG has Adobe's marker before its pixels, as `[] bool`."""

    def step(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        head = read_bytes(contents, position, 4)
        is_adobe = (head[1] == _APP14) & (read_text(contents, position + 4, 5) == b"Adobe")
        length = tf.maximum(head[2] * 256 + head[3], 2)
        following = tf.where(head[1] == 0xFF, position + 1, position + 2 + length)
        is_over = (head[0] != 0xFF) | (head[1] == _SCAN)
        return following, tf.where(is_adobe, "Adobe", ""), is_over

    return walk(contents, 2, step) == b"Adobe"
