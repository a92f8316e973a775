"""Reading the bytes of a file in TensorFlow's graph, without an operation that can fail."""

from collections.abc import Callable

import tensorflow as tf

_MOST_PARTS = 2**16
"""Parts of a file before a search is given up: a GIF has one for each 255 bytes."""


def walk(
    contents: tf.Tensor,
    start: int,
    step: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]],
) -> tf.Tensor:
    """Goes from part to part of a file until one has what is looked for.

    Args:
        contents: `[] string`.
        start: Position of the first part.
        step: Position of a part to that of the next one, what was found, and whether it is the
            last one.
    """
    size = tf.strings.length(contents)

    def goes_on(position: tf.Tensor, found: tf.Tensor, is_over: tf.Tensor) -> tf.Tensor:
        return (position < size) & (tf.strings.length(found) == 0) & ~is_over

    state = (tf.constant(start), tf.constant(""), tf.constant(False))
    _, found, _ = tf.while_loop(
        goes_on, lambda position, *_: step(position), state, maximum_iterations=_MOST_PARTS
    )
    return found


def big_endian(data: tf.Tensor) -> tf.Tensor:
    """`[..., n] int32` bytes to `[...] int32` numbers."""
    size = data.shape[-1]
    return tf.reduce_sum(data * tf.constant([256**power for power in range(size)][::-1]), -1)


def read_bytes(text: tf.Tensor, position: tf.Tensor | int, size: tf.Tensor | int) -> tf.Tensor:
    """`[size] int32` bytes; zeros beyond the end."""
    found = tf.cast(tf.io.decode_raw(read_text(text, position, size), tf.uint8), tf.int32)
    padded = tf.pad(found, [[0, tf.maximum(size - tf.size(found), 0)]])
    return tf.ensure_shape(padded, [size if isinstance(size, int) else None])


def read_text(text: tf.Tensor, position: tf.Tensor | int, size: tf.Tensor | int) -> tf.Tensor:
    """A piece of a text; shorter or empty where the text ends before."""
    # tf.strings.substr raises where the position is behind the end.
    length = tf.strings.length(text)
    position = tf.clip_by_value(position, 0, length)
    return tf.strings.substr(text, position, tf.clip_by_value(size, 0, length - position))
