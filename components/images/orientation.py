"""EXIF orientation: cameras store the pixels as the sensor was held.

A JPEG keeps EXIF in an APP1 segment (CIPA DC-008, Exif 2.32, section 4.7.2), a PNG in a chunk
`eXIf` (PNG, third edition, section 11.3.3.5). Both hold a TIFF file whose first directory has the
tag Orientation, 1 to 8 (TIFF 6.0, section 8: tag 274). What is malformed counts as upright, as it
does in viewers.

`turn_upright` and `read_orientation` are TensorFlow operations, so that the exported model turns
what a client sends. None of them fails: an offset that leads nowhere ends the search. TensorFlow
has no operation that reads EXIF. Of a file without it only the first bytes are looked at.
`find_orientation` is the same for ingest, which works outside of a graph.
"""

import struct
from collections.abc import Callable

import tensorflow as tf
from PIL import Image

from components.images.file_bytes import big_endian, read_bytes, read_text, walk
from components.images.formats import jpeg_segments, png_chunks

TAG = 0x0112
"""Of the orientation, in TIFF's first directory."""

SIDEWAYS = 5
"""From this orientation on, height and width are exchanged."""
PILLOW_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image of Pillow's upright."""

_METADATA_BYTES = 2**18
"""Where EXIF is looked for. It comes first or second; colour profiles before it are smaller."""
EXIF = b"Exif\0\0"
"""What a TIFF file with EXIF is led by, outside of a PNG."""
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Metadata come before the tables and pixels of a JPEG: Exif 2.32, 4.5.4.
_APP0, _APP1, _APP15, _COMMENT = 0xE0, 0xE1, 0xEF, 0xFE


def find_orientation(contents: bytes) -> int:
    """Reads the EXIF orientation, 1 to 8, outside of a graph; see `read_orientation`."""
    if b"Exif" not in contents[:_METADATA_BYTES] and b"eXIf" not in contents[:_METADATA_BYTES]:
        return 1
    if contents.startswith(_JPEG):
        for marker, start, end in jpeg_segments(contents):
            if marker == _APP1 and contents.startswith(EXIF, start):
                return parse_tiff(contents[start + len(EXIF) : end])
            if not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
                break
    elif contents.startswith(_PNG):
        for kind, start, end in png_chunks(contents):
            if kind == b"eXIf":
                return parse_tiff(contents[start:end])
            if kind == b"IDAT":
                break
    return 1


def parse_tiff(tiff: bytes) -> int:
    """The orientation in the first directory of a TIFF file; 1 where it has none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        magic, directory = struct.unpack_from(f"{order}HI", tiff, 2)
        if order is None or magic != 42 or directory < 8:
            return 1
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(count):
            entry = directory + 2 + 12 * number
            tag, kind, _, short = struct.unpack_from(f"{order}HHIH2x", tiff, entry)
            (long,) = struct.unpack_from(f"{order}I", tiff, entry + 8)
            value = {1: tiff[entry + 8], 4: long}.get(kind, short)
            if tag == TAG and 1 <= value <= 8:
                return int(value)
    except (struct.error, IndexError):
        pass  # An offset leads out of the file.
    return 1


def turn_upright(image: tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Turns and mirrors an image as its EXIF orientation says.

    Args:
        image: `[height, width, channels]`, as the decoder returns it.
        contents: `[] string`, the bytes of the file.

    Returns:
        The image upright; of orientations 5 to 8 height and width are exchanged.
    """
    return tf.cond(_may_have_exif(contents), lambda: _turn_by_exif(image, contents), lambda: image)


# A function of its own, which is made ready only where it is called: the exported model makes
# ready what it decodes with at each call, a millisecond for all of this.
@tf.function(autograph=False, experimental_attributes={"_noinline": True}, reduce_retracing=True)
def _turn_by_exif(image: tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    return _turn(image, read_orientation(contents))


def _turn(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Exif 2.32, table 7: where the 0th row and the 0th column are, seen upright."""

    def when(orientations: tuple[int, ...], change: Callable[[tf.Tensor], tf.Tensor]) -> None:
        nonlocal image
        before = image
        applies = tf.reduce_any(orientation == tf.constant(orientations))
        image = tf.cond(applies, lambda: change(before), lambda: before)

    when((5, 6, 7, 8), lambda pixels: tf.transpose(pixels, [1, 0, 2]))
    when((2, 3, 6, 7), lambda pixels: tf.reverse(pixels, [1]))
    when((3, 4, 7, 8), lambda pixels: tf.reverse(pixels, [0]))
    return image


def read_orientation(contents: tf.Tensor) -> tf.Tensor:
    """Reads the EXIF orientation of a JPEG or PNG.

    Args:
        contents: `[] string`, the bytes of any file.

    Returns:
        `[] int32`, 1 to 8; 1, upright, where there is none.
    """
    is_jpeg = tf.strings.substr(contents, 0, 3) == _JPEG
    is_png = tf.strings.substr(contents, 0, 8) == _PNG
    tiff = tf.cond(
        is_jpeg,
        lambda: _find_in_jpeg(contents),
        lambda: tf.cond(is_png, lambda: _find_in_png(contents), lambda: ""),
    )
    return tf.cond(_may_have_exif(contents), lambda: _orientation_of_tiff(tiff), lambda: 1)


def _may_have_exif(contents: tf.Tensor) -> tf.Tensor:
    """Whether the letters are there. It is what an image without EXIF costs, about 0.05 ms.

    To take them out takes a tenth of the time of matching a pattern with them.
    """
    beginning = tf.strings.substr(contents, 0, _METADATA_BYTES)
    rest = tf.strings.regex_replace(beginning, "Exif", "", replace_global=False)
    rest = tf.strings.regex_replace(rest, "eXIf", "", replace_global=False)
    return tf.strings.length(rest) < tf.strings.length(beginning)


def _is_metadata(marker: tf.Tensor) -> tf.Tensor:
    return ((marker >= _APP0) & (marker <= _APP15)) | (marker == _COMMENT)


def _find_in_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """The TIFF file in the first APP1 segment with EXIF; empty where there is none."""

    def step(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        head = read_bytes(contents, position, 10)
        is_segment, marker = head[0] == 0xFF, head[1]
        is_fill = is_segment & (marker == 0xFF)
        length = tf.maximum(head[2] * 256 + head[3], 2)
        is_exif = is_segment & (marker == _APP1) & (read_text(contents, position + 4, 6) == EXIF)
        following = tf.where(is_fill, position + 1, position + 2 + length)
        found = tf.where(is_exif, read_text(contents, position + 10, length - 8), "")
        return following, found, ~is_segment | ~(is_fill | _is_metadata(marker))

    return walk(contents, 2, step)


def _find_in_png(contents: tf.Tensor) -> tf.Tensor:
    """The TIFF file in the chunk `eXIf` before the pixels; empty where there is none."""

    def step(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        head = read_bytes(contents, position, 4)
        # A length has 31 bits; one that is larger than the file leads out of it.
        length = tf.where(head[0] > 0x0F, tf.int32.max // 4, big_endian(head))
        kind = read_text(contents, position + 4, 4)
        found = tf.where(kind == b"eXIf", read_text(contents, position + 8, length), "")
        return position + 12 + length, found, (kind == b"IDAT") | (kind == b"IEND")

    return walk(contents, 8, step)


def _orientation_of_tiff(tiff: tf.Tensor) -> tf.Tensor:
    """The orientation in the first directory of a TIFF file; 1 where it has none."""
    is_little = read_text(tiff, 0, 2) == b"II"
    is_tiff = is_little | (read_text(tiff, 0, 2) == b"MM")

    def number(data: tf.Tensor) -> tf.Tensor:
        return tf.where(is_little, big_endian(tf.reverse(data, [-1])), big_endian(data))

    directory = number(read_bytes(tiff, 4, 4))
    # Beyond the end, or negative where the number has 32 bits.
    is_tiff &= number(read_bytes(tiff, 2, 2)) == 42
    is_inside = is_tiff & (directory >= 8) & (directory < tf.strings.length(tiff) - 2)
    directory = tf.where(is_inside, directory, 0)
    count = tf.where(is_inside, number(read_bytes(tiff, directory, 2)), 0)
    count = tf.minimum(count, (tf.strings.length(tiff) - directory - 2) // 12)
    entries = tf.reshape(read_bytes(tiff, directory + 2, 12 * count), [count, 12])
    # An entry: tag (2 bytes), type (2), count (4), value (4, filled up from the left).
    kinds, is_tag = number(entries[:, 2:4]), number(entries[:, :2]) == TAG
    values = tf.where(kinds == 4, number(entries[:, 8:12]), number(entries[:, 8:10]))
    values = tf.where(kinds == 1, entries[:, 8], values)
    found = tf.boolean_mask(values, is_tag & (values >= 1) & (values <= 8))
    return tf.concat([found, [1]], 0)[0]
