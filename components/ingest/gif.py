"""What the header and the frames of a GIF say of its size, without decoding any."""

from typing import NamedTuple


class GifSize(NamedTuple):
    """How large a GIF is."""

    width: int
    height: int
    pixels: int
    """How many pixels a decoder may touch: of all frames together, or of the canvas around them."""


_HEADER_BYTES = 13
_FRAME, _EXTENSION = 0x2C, 0x21


def measure_gif(contents: bytes) -> GifSize:
    """Measures the canvas and the frames of a GIF.

    TensorFlow's decoder unpacks every frame before it returns the first, and Pillow's widens the
    canvas to where the frames lie, so that a small file could fill the memory.

    Args:
        contents: A whole GIF file; a truncated one is measured as far as it goes.
    """
    width, height = _number(contents, 6), _number(contents, 8)
    right, bottom, total = width, height, 0
    position = _HEADER_BYTES + _color_table_bytes(contents[10:11])
    while position < len(contents):
        if contents[position] == _FRAME:  # left, top, width, height, flags, color table, code size
            left, top, wide, high = (_number(contents, position + at) for at in (1, 3, 5, 7))
            right, bottom = max(right, left + wide), max(bottom, top + high)
            total += wide * high
            color_table = _color_table_bytes(contents[position + 9 : position + 10])
            position = _skip_blocks(contents, position + 11 + color_table)
        elif contents[position] == _EXTENSION:  # its label, then blocks
            position = _skip_blocks(contents, position + 2)
        else:  # the end, or what no decoder reads on from
            break
    return GifSize(width, height, max(total, right * bottom))


def _number(contents: bytes, position: int) -> int:
    return int.from_bytes(contents[position : position + 2], "little")


def _color_table_bytes(flags: bytes) -> int:
    """Size of the color table that a flag byte announces."""
    if not flags or not flags[0] & 0x80:
        return 0
    return int(3 << ((flags[0] & 7) + 1))


def _skip_blocks(contents: bytes, position: int) -> int:
    """Position behind a chain of blocks, each led by its length and the last one empty."""
    while position < len(contents) and contents[position]:
        position += contents[position] + 1
    return position + 1
