"""What the header of an image file says: format, size and pixel layout.

Nothing is decoded here, and nothing is allocated that grows with the image.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile


class Format(NamedTuple):
    """An image format that is accepted."""

    name: str
    """In lower case, as in `image/format`."""
    title: str
    """The format's title, with what is read of such a file."""
    signature: bytes
    """What its files begin with."""
    reader: type[ImageFile]
    """Pillow's reader of the header."""


# `tf.io.decode_image` distinguishes formats by the same signatures. The readers are called
# directly: `PIL.Image.open` would warn of or refuse large images by a limit of its own, which is
# global to the process, and calls the JPEGs of some cameras "MPO".
FORMATS = (
    Format("jpeg", "JPEG", b"\xff\xd8\xff", JpegImageFile),
    Format("png", "PNG", b"\x89PNG\r\n\x1a\n", PngImageFile),
    Format("gif", "GIF (first frame)", b"GIF8", GifImageFile),
    Format("bmp", "BMP", b"BM", BmpImageFile),
)
FORMAT_LIST = "JPEG, PNG, GIF or BMP"
"""The accepted formats in a sentence."""


_LOSSLESS_OR_HIERARCHICAL = (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF)
"""Frame headers, ITU-T T.81, table B.1."""


class Header(NamedTuple):
    """An image's header."""

    format: str
    """`jpeg`, `png`, `gif` or `bmp`, from the content."""
    width: int
    height: int
    pixels: int
    """How many pixels a decoder may touch: width x height, of a GIF's frames together."""
    mode: str
    """Pillow's name of the pixel layout: `L`, `RGB`, `P`, `CMYK`, ..."""
    frames: int = 1
    """Of a GIF all, of which the first is used."""


class HeaderError(ValueError):
    """The header of an image cannot be read."""


def detect_format(contents: bytes) -> str | None:
    """Names an image's format by its first bytes; None if it is not one that can be decoded."""
    for known in FORMATS:
        if contents.startswith(known.signature):
            return known.name
    return None


def read_header(contents: bytes) -> Header:
    """Reads the header of an image of a known format.

    Of JPEG and PNG only the part that a decoder needs: cameras and editors leave metadata of all
    sizes and states beside it, which affect no pixel.

    Args:
        contents: A whole file, of which `detect_format` is not None.

    Raises:
        HeaderError: If the header is malformed.
    """
    name = str(detect_format(contents))
    if name == "gif":
        size = measure_gif(contents)
        return Header(name, size.width, size.height, size.pixels, "P", size.frames)
    if name == "jpeg":
        width, height, mode = _read_jpeg_frame(contents)
    elif name == "png":
        width, height, mode = _read_png_header(contents)
    else:
        try:
            image = open_image(contents)
        except Exception as error:  # Pillow's parsers raise struct.error, SyntaxError, ...
            raise HeaderError(f"{type(error).__name__}: {error}") from error
        (width, height), mode = image.size, image.mode
    return Header(name, width, height, width * height, mode)


def _read_jpeg_frame(contents: bytes) -> tuple[int, int, str]:
    """Width, height and mode in the frame header (ITU-T T.81, B.2.2)."""
    for marker, start, end in jpeg_segments(contents):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = contents[start:end]
            if len(frame) < 6:
                break
            _, height, width, components = struct.unpack(">BHHB", frame[:6])
            return width, height, {1: "L", 4: "CMYK"}.get(components, "RGB")
    raise HeaderError("there is no frame header")


def describe_jpeg_process(contents: bytes) -> str | None:
    """Names a kind of JPEG that TensorFlow's decoder does not know, from the frame header."""
    for marker, start, _ in jpeg_segments(contents):
        if marker in _LOSSLESS_OR_HIERARCHICAL:
            return "a lossless or hierarchical JPEG"
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits = contents[start]
            return None if bits == 8 else f"a JPEG of {bits} bits a channel"
    return None


def _read_png_header(contents: bytes) -> tuple[int, int, str]:
    """Width, height and mode in the chunk `IHDR`, which comes first (PNG, 11.2.1)."""
    if contents[12:16] != b"IHDR" or len(contents) < 33:
        raise HeaderError("there is no chunk IHDR")
    width, height, _, colour = struct.unpack(">IIBB", contents[16:26])
    modes = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
    return width, height, modes.get(colour, f"colour type {colour}")


def jpeg_segments(contents: bytes) -> Iterator[tuple[int, int, int]]:
    """Goes through the segments of a JPEG up to its first scan.

    Yields:
        The marker's second byte, and where the segment's content begins and ends.
    """
    position = 2
    while position + 4 <= len(contents) and contents[position] == 0xFF:
        marker = contents[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in (0xDA, 0xD9):  # the scan, the end
            return
        end = position + 2 + max(2, int.from_bytes(contents[position + 2 : position + 4], "big"))
        yield marker, position + 4, end
        position = end


def png_chunks(contents: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Goes through the chunks of a PNG.

    Yields:
        The chunk's type, and where its content begins and ends.
    """
    position = 8
    while position + 8 <= len(contents):
        length = int.from_bytes(contents[position : position + 4], "big")
        kind = contents[position + 4 : position + 8]
        yield kind, position + 8, position + 8 + length
        if kind == b"IEND":
            return
        position += 12 + length


def open_image(contents: bytes) -> ImageFile:
    """Opens an image of a known format with Pillow, which reads the header and no more.

    Raises:
        Exception: Whatever Pillow's parsers stumble on: SyntaxError, struct.error, ...
    """
    name = detect_format(contents)
    reader = next(known.reader for known in FORMATS if known.name == name)
    return reader(BytesIO(contents))


class GifSize(NamedTuple):
    """How large a GIF is."""

    width: int
    height: int
    pixels: int
    """How many pixels a decoder may touch: of all frames together, or of the canvas around them."""
    frames: int


_HEADER_BYTES = 13
_FRAME, _EXTENSION = 0x2C, 0x21


def measure_gif(contents: bytes) -> GifSize:
    """Measures the canvas and the frames of a GIF.

    TensorFlow's decoder unpacks every frame before it returns the first, and Pillow's widens the
    canvas to where the frames lie, so that a small file could fill the memory.

    A truncated file is measured as far as it goes.
    """
    width, height = _number(contents, 6), _number(contents, 8)
    right, bottom, total, frames = width, height, 0, 0
    position = _HEADER_BYTES + _color_table_bytes(contents[10:11])
    while position < len(contents):
        if contents[position] == _FRAME:  # left, top, width, height, flags, color table, code size
            left, top, wide, high = (_number(contents, position + at) for at in (1, 3, 5, 7))
            right, bottom = max(right, left + wide), max(bottom, top + high)
            total += wide * high
            frames += 1
            color_table = _color_table_bytes(contents[position + 9 : position + 10])
            position = _skip_blocks(contents, position + 11 + color_table)
        elif contents[position] == _EXTENSION:  # its label, then blocks
            position = _skip_blocks(contents, position + 2)
        else:  # the end, or what no decoder reads on from
            break
    return GifSize(width, height, max(total, right * bottom), frames)


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
