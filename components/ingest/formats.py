"""What a picture file says of itself in its header: format, size and pixel layout.

Nothing is decoded here, and nothing is allocated that grows with the picture.
"""

from io import BytesIO
from typing import NamedTuple

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile


class _Format(NamedTuple):
    name: str
    signature: bytes
    reader: type[ImageFile]


# The signatures are those by which `tf.io.decode_image` tells formats apart. The readers are called
# directly: `PIL.Image.open` would warn of or refuse large pictures by a limit of its own, which is
# global to the process, and calls the JPEGs of some cameras "MPO".
_FORMATS = (
    _Format("jpeg", b"\xff\xd8\xff", JpegImageFile),
    _Format("png", b"\x89PNG\r\n\x1a\n", PngImageFile),
    _Format("gif", b"GIF8", GifImageFile),
    _Format("bmp", b"BM", BmpImageFile),
)
_OTHER_FORMATS = (
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("WebP", 8, b"WEBP"),
    ("HEIC or AVIF", 4, b"ftyp"),
    ("JPEG 2000", 4, b"jP  "),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("Photoshop", 0, b"8BPS"),
    ("icon", 0, b"\x00\x00\x01\x00"),
    ("SVG", 0, b"<svg"),
)


class Header(NamedTuple):
    """A picture's header."""

    format: str
    """`jpeg`, `png`, `gif` or `bmp`, from the content."""
    width: int
    height: int
    pixels: int
    """How many pixels a decoder may touch: width x height, of a GIF's frames together."""
    mode: str
    """Pillow's name of the pixel layout: `L`, `RGB`, `P`, `CMYK`, ..."""


class HeaderError(ValueError):
    """The header of a picture cannot be read."""


def detect_format(contents: bytes) -> str | None:
    """Names a picture's format by its first bytes; None if it is not one that can be decoded."""
    for known in _FORMATS:
        if contents.startswith(known.signature):
            return known.name
    return None


def detect_other_format(contents: bytes) -> str | None:
    """Names a format that people keep pictures in and that TensorFlow cannot decode, or None."""
    for name, offset, signature in _OTHER_FORMATS:
        if contents.startswith(signature, offset):
            return name
    return None


def read_header(contents: bytes) -> Header:
    """Reads the header of a picture of a known format.

    Args:
        contents: A whole file, of which `detect_format` is not None.

    Raises:
        HeaderError: If the header is malformed.
    """
    name = detect_format(contents)
    reader = next(known.reader for known in _FORMATS if known.name == name)
    try:
        image = reader(BytesIO(contents))
    except Exception as error:  # Pillow raises whatever its parsers stumble on: struct.error, ...
        raise HeaderError(f"{type(error).__name__}: {error}") from error
    width, height = image.size
    pixels = width * height
    if name == "gif":
        pixels = max(pixels, count_gif_pixels(contents))
    return Header(name, width, height, pixels, image.mode)


def count_gif_pixels(contents: bytes) -> int:
    """Adds up the pixels of all frames of a GIF.

    TensorFlow's decoder unpacks every frame before it returns the first, so that a small file with
    many large frames could fill the memory.

    Args:
        contents: A whole GIF file; a truncated one counts as far as it goes.
    """
    total = 0
    position = 13 + _color_table_bytes(contents[10:11])
    while position < len(contents):
        kind = contents[position]
        if kind == 0x2C:  # a frame: position and size (8 bytes), flags, color table, code size
            width = int.from_bytes(contents[position + 5 : position + 7], "little")
            height = int.from_bytes(contents[position + 7 : position + 9], "little")
            total += width * height
            flags = contents[position + 9 : position + 10]
            position = _skip_blocks(contents, position + 11 + _color_table_bytes(flags))
        elif kind == 0x21:  # an extension: its label, then blocks
            position = _skip_blocks(contents, position + 2)
        else:  # the end (0x3B), or what no decoder reads on from
            break
    return total


def _color_table_bytes(flags: bytes) -> int:
    """Size of the color table that a GIF's flag byte announces."""
    if not flags or not flags[0] & 0x80:
        return 0
    return int(3 << ((flags[0] & 7) + 1))


def _skip_blocks(contents: bytes, position: int) -> int:
    """Position behind a chain of blocks, each led by its length and the last one empty."""
    while position < len(contents) and contents[position]:
        position += contents[position] + 1
    return position + 1
