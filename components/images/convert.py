"""Converts images that TensorFlow's graph cannot decode to PNG: WebP, TIFF, AVIF, HEIC.

The PNG has the pixels of the first frame or page, upright, as 8-bit RGB; colour profiles are not
applied, as they are of no other format. The pixels depend on the versions of Pillow and pillow-heif
(which bring the decoders), how they are packed on TensorFlow's; `requirements.lock` names all.
"""

from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image, TiffImagePlugin
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from components.images.formats import HeaderError, detect_format
from components.images.headers import (
    Size,
    has_more_pages,
    is_camera_raw,
    measure_tiff,
    measure_webp,
)
from components.images.limits import ImageLimits
from components.images.orientation import EXIF, PILLOW_TURNS, parse_tiff
from components.images.other_formats import detect_other_format

Pixels = npt.NDArray[np.uint8]

_COMPRESSION = 1
"""Of zlib: on photos, 6 saves a tenth and takes four times as long."""
_PNG_OVERHEAD = 1.01
"""Most bytes of a PNG to those of its pixels: a byte a row, and the frames of zlib."""
_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr"})
"""Of Pillow's modes those that it converts to RGB as they are meant."""


class ConversionError(ValueError):
    """An image cannot be converted."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keeps both.

        Args:
            reason: As of a `Rejected`.
            detail: What exactly is wrong, in English.
        """
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Source(NamedTuple):
    """An image that is to be converted, as its header describes it."""

    format: str
    """`WebP`, `TIFF`, `AVIF` or `HEIC`."""
    size: Size
    has_more_frames: bool
    """Whether there are frames or pages behind the first."""
    image: ImageFile
    """Pillow's, of which the header was read."""


class _Reader(NamedTuple):
    open: Callable[[BytesIO], ImageFile]
    measure: Callable[[bytes], Size] | None
    """Without one, Pillow's own reading of the header allocates nothing that grows with it."""


_READERS = {
    "WebP": _Reader(WebPImageFile, measure_webp),
    "TIFF": _Reader(TiffImageFile, measure_tiff),
    "AVIF": _Reader(AvifImageFile, None),
    "HEIC": _Reader(HeifImageFile, None),
}


def is_converted(contents: bytes) -> bool:
    """Whether the image is of a format that is converted."""
    return detect_format(contents) is None and detect_other_format(contents) in _READERS


def decodable(contents: bytes) -> bytes:
    """What TensorFlow's graph decodes: the same bytes, or the PNG that they are converted to.

    Args:
        contents: A file that `components.images.check.check_image` accepts.

    Raises:
        ConversionError: If it is not accepted.
    """
    if not is_converted(contents):
        return contents
    return _encode(_decode(_open(contents)))


def check_conversion(contents: bytes, limits: ImageLimits) -> tuple[Source, Pixels]:
    """Converts an image to see that it can be.

    Args:
        contents: A file of a format that is converted.
        limits: How large it may be, and the PNG as well.

    Returns:
        The source, and `[height, width, 3] uint8`, upright.

    Raises:
        ConversionError: If it is damaged, too large, or of a kind that has no right colours.
    """
    source = _open(contents, limits.max_image_pixels)
    pixels = _decode(source)
    most = limits.max_image_bytes
    if pixels.nbytes * _PNG_OVERHEAD > most and (size := len(_encode(pixels))) > most:
        raise ConversionError(
            "too_many_bytes",
            f"{source.format}: {size:,} bytes as PNG; data.max_image_bytes is {most:,}",
        )
    return source, pixels


def _open(contents: bytes, max_pixels: int | None = None) -> Source:
    name = str(detect_other_format(contents))
    reader = _READERS[name]
    size = _measure(name, contents, reader.measure, max_pixels) if reader.measure else None
    if name == "TIFF" and is_camera_raw(contents):
        detail = "camera raw (a TIFF whose first page is a preview); convert it to JPEG or PNG"
        raise ConversionError("unsupported_format", detail)
    try:
        image = reader.open(BytesIO(contents))
    except Exception as error:  # Whatever Pillow's parsers stumble on: SyntaxError, struct.error
        detail = f"{name}: malformed header: {_first_line(error)}"
        raise ConversionError("undecodable", detail) from error
    if size is None:
        size = Size(*image.size, image.width * image.height)
        _check_size(name, size, max_pixels)
    more = has_more_pages(contents) if name == "TIFF" else getattr(image, "n_frames", 1) > 1
    return Source(name, size, more, image)


def _measure(
    name: str, contents: bytes, measure: Callable[[bytes], Size], max_pixels: int | None
) -> Size:
    try:
        size = measure(contents)
    except HeaderError as error:
        raise ConversionError("undecodable", f"{name}: malformed header: {error}") from error
    _check_size(name, size, max_pixels)
    return size


def _check_size(name: str, size: Size, max_pixels: int | None) -> None:
    shown = f"{name}: {size.width} x {size.height}"
    if not size.pixels:
        raise ConversionError("undecodable", f"{shown} pixels")
    if max_pixels is not None and size.pixels > max_pixels:
        raise ConversionError(
            "too_many_pixels",
            f"{shown}, {size.pixels:,} pixels to decode; data.max_image_pixels is {max_pixels:,}",
        )


def _decode(source: Source) -> Pixels:
    """Decodes to `[height, width, 3] uint8`, upright."""
    image: Image.Image = source.image
    try:
        image.load()  # Of TIFF, Pillow turns it upright, of HEIC libheif.
        upright = _turn(image) if source.format in ("WebP", "AVIF") else image
        return np.asarray(_to_rgb(upright, source.format))
    except ConversionError:
        raise
    except Exception as error:  # As above, and MemoryError.
        detail = f"{source.format}: damaged, or cut off: {_first_line(error)}"
        raise ConversionError("undecodable", detail) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _turn(image: Image.Image) -> Image.Image:
    exif = image.info.get("exif", b"")
    turn = PILLOW_TURNS.get(parse_tiff(exif.removeprefix(EXIF)))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _gray_to_8_bits(image).convert("RGB")
    if image.mode not in _MODES:
        raise ConversionError(
            "unsupported_pixels",
            f"{name}: pixels of Pillow's mode {image.mode} are not converted; save it as PNG",
        )
    opaque = image.convert("RGBA") if image.mode == "RGBa" else image
    return opaque.convert("RGB")


def _gray_to_8_bits(image: Image.Image) -> Image.Image:
    """The high 8 bits, as TensorFlow takes them of a PNG; TIFF has 12 bits as well as 16."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
    gray = (np.asarray(image).astype(np.uint16) >> (bits - 8)).astype(np.uint8)
    is_white_zero = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    return Image.fromarray(255 - gray if is_white_zero else gray)


def _encode(pixels: Pixels) -> bytes:
    return bytes(tf.io.encode_png(pixels, compression=_COMPRESSION).numpy())
