"""Checks one image: whether training can use it, and if not, why not.

The cheapest checks come first, and none allocates more than the limits allow: size of the file,
format by content, size from the header, and only then decoding, by training's own decoder.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from components.images import formats
from components.images.convert import ConversionError, check_conversion, is_converted
from components.images.decode import decode_image
from components.images.jpeg_damage import decode_strictly, find_warning, is_damage
from components.images.limits import ImageLimits
from components.images.orientation import PILLOW_TURNS, SIDEWAYS, find_orientation
from components.images.other_formats import detect_other_format
from components.images.sameness import Decoded, jpeg_ratio

Pixels = npt.NDArray[np.uint8]

MAX_JPEG_SCANS = 500
"""Progressive JPEGs of cameras have about ten scans; thousands can keep a decoder busy for hours.

The number is the one libjpeg-turbo's own fuzzers stop at.
"""

SCANS_OF_LARGEST_JPEG = 20
"""Twice the scans of a camera's progressive JPEG; the largest image allowed may have so many.

Each scan goes over all pixels, at 0.4 billion a second, so that it is scans times pixels that bound
the time: 3 s at the default limit of 64 MP, where 486 scans take 82 s. A smaller image may have
more scans.
"""

MAX_MEAN_DIFFERENCE = 4.0
"""How far TensorFlow's pixels may be from Pillow's on average, of 255.

Two correct decoders of one CMYK JPEG differ by less than 1 (rounding, upsampling); pixels that are
wrong, as of a BMP with a palette, differ by tens.
"""


class Accepted(NamedTuple):
    """An image that training can use."""

    format: str
    """`jpeg`, `png`, `gif` or `bmp`: of what it is converted to, if it is."""
    height: int
    """In pixels, upright."""
    width: int
    converted_from: str = ""
    """`WebP`, `TIFF`, `AVIF` or `HEIC`; empty where the file's own bytes are trained on."""
    has_more_frames: bool = False
    """Whether there are frames or pages behind the first, which are not used."""


class Rejected(NamedTuple):
    """An image that training cannot use."""

    reason: str
    """A stable name of the kind of fault, by which faults are counted."""
    detail: str
    """What exactly is wrong, in English."""

    @property
    def message(self) -> str:
        """Reason and detail as a message: `not an image: ...`."""
        return f"{self.reason.replace('_', ' ')}: {self.detail}"


class Sound(NamedTuple):
    """An image that training can use, and its pixels."""

    verdict: Accepted
    decoded: Decoded


def check_image(contents: bytes, limits: ImageLimits) -> Accepted | Rejected:
    """Checks the bytes of one file; `convert.decodable` makes of them what the graph decodes."""
    checked = check_and_decode(contents, limits)
    return checked if isinstance(checked, Rejected) else checked.verdict


def check_and_decode(contents: bytes, limits: ImageLimits) -> Sound | Rejected:
    """As `check_image`, with the pixels that the check had to decode."""
    fault = check_size(len(contents), limits)
    if fault:
        return fault
    if is_converted(contents):
        return _check_conversion(contents, limits)
    if fault := _check_format(contents):
        return fault
    try:
        header = formats.read_header(contents)
    except formats.HeaderError as error:
        return Rejected("undecodable", f"malformed header: {error}")
    fault = _check_header(contents, header, limits)
    if fault:
        return fault
    # The colours of a CMYK image are compared with Pillow's, for which it is decoded whole.
    if header.format == "jpeg" and header.mode != "CMYK":
        return _check_jpeg(contents, header)
    return _check_pixels(contents, header)


def check_size(size: int, limits: ImageLimits) -> Rejected | None:
    """Checks the size of a file, in bytes, before it is read."""
    if size == 0:
        return Rejected("empty_file", "0 bytes")
    if size > limits.max_image_bytes:
        limit = limits.max_image_bytes
        return Rejected("too_many_bytes", f"{size:,} bytes; data.max_image_bytes is {limit:,}")
    return None


def _check_conversion(contents: bytes, limits: ImageLimits) -> Sound | Rejected:
    try:
        source, pixels = check_conversion(contents, limits)
    except ConversionError as error:
        return Rejected(error.reason, error.detail)
    height, width, _ = pixels.shape
    verdict = Accepted("png", height, width, source.format, source.has_more_frames)
    return Sound(verdict, Decoded(pixels, width, height))


def _check_format(contents: bytes) -> Rejected | None:
    if formats.detect_format(contents):
        return None
    allowed = f"use {formats.FORMAT_LIST}"
    other = detect_other_format(contents)
    if other:
        return Rejected("unsupported_format", f"{other}; {allowed}")
    return Rejected("not_an_image", f"starts with {contents[:8]!r}; {allowed}")


def _check_header(contents: bytes, header: formats.Header, limits: ImageLimits) -> Rejected | None:
    if header.width <= 0 or header.height <= 0:
        return Rejected("undecodable", f"has {header.width} x {header.height} pixels")
    if header.pixels > limits.max_image_pixels:
        limit = limits.max_image_pixels
        frames = f" in {header.frames:,} frames" if header.frames > 1 else ""
        return Rejected(
            "too_many_pixels",
            f"{header.width} x {header.height}{frames}, {header.pixels:,} pixels to decode; "
            f"data.max_image_pixels is {limit:,}",
        )
    if header.format != "jpeg":
        return None
    if process := formats.describe_jpeg_process(contents):
        return Rejected("unsupported_format", f"{process}; save it as 8-bit JPEG or PNG")
    return _check_scans(contents, header, limits)


def _check_scans(contents: bytes, header: formats.Header, limits: ImageLimits) -> Rejected | None:
    # Within compressed data 0xFF is always followed by 0x00, so that this counts markers only.
    scans = contents.count(b"\xff\xda")
    most = min(
        MAX_JPEG_SCANS, SCANS_OF_LARGEST_JPEG * limits.max_image_pixels // max(1, header.pixels)
    )
    if scans <= most:
        return None
    size = f"{header.width} x {header.height}"
    return Rejected("undecodable", f"has {scans} progressive scans; {most} are allowed at {size}")


def _check_jpeg(contents: bytes, header: formats.Header) -> Sound | Rejected:
    """Reads a whole JPEG, usually for an eighth of the pixels each way.

    What libjpeg-turbo reads without a warning, training's decoder reads, too. Otherwise training's
    decides whether it can be decoded; it drops warnings.
    """
    ratio = jpeg_ratio(header.width, header.height)
    height, width = -(-header.height // ratio), -(-header.width // ratio)
    pixels = decode_strictly(contents, header.mode, height, width)
    if isinstance(pixels, str):
        warning = pixels
        try:
            pixels = tf.io.decode_jpeg(contents, channels=1, ratio=ratio).numpy()
        except tf.errors.OpError as error:
            return Rejected("undecodable", f"damaged, or cut off: {_first_line(error)}")
        if is_damage(warning):
            return Rejected("damaged", f"libjpeg says: {warning}")
    orientation = find_orientation(contents)
    decoded = Decoded(pixels, header.width / ratio, header.height / ratio, orientation, True)
    if orientation >= SIDEWAYS:
        return Sound(Accepted("jpeg", header.width, header.height), decoded)
    return Sound(Accepted("jpeg", header.height, header.width), decoded)


def _check_pixels(contents: bytes, header: formats.Header) -> Sound | Rejected:
    try:
        pixels = decode_image(tf.constant(contents)).numpy()
    except (tf.errors.OpError, ValueError) as error:
        return _explain_failure(contents, header, _first_line(error))
    if header.mode == "CMYK" and is_damage(warning := find_warning(contents, header.mode)):
        return Rejected("damaged", f"libjpeg says: {warning}")
    if header.format in ("bmp", "gif") or header.mode == "CMYK":
        fault = _compare_with_pillow(contents, pixels)
        if fault:
            return Rejected("unsupported_pixels", f"{header.format} ({header.mode}): {fault}")
    height, width, _ = pixels.shape
    verdict = Accepted(header.format, height, width, has_more_frames=header.frames > 1)
    return Sound(verdict, Decoded(pixels, width, height))


def _explain_failure(contents: bytes, header: formats.Header, error: str) -> Rejected:
    """Distinguishes a BMP whose pixel layout TensorFlow does not know from a broken one."""
    if header.format == "bmp" and not isinstance(_read_with_pillow(contents), str):
        detail = f"bmp ({header.mode}): TensorFlow cannot read it ({error}); save it as PNG"
        return Rejected("unsupported_pixels", detail)
    return Rejected("undecodable", error)


def _compare_with_pillow(contents: bytes, pixels: Pixels) -> str | None:
    """Says how TensorFlow's pixels are wrong, or None.

    TensorFlow decodes without complaint, and wrongly, BMPs with palettes or packed pixels. Which
    layouts are affected depends on its version, so we look at the result. JPEG and PNG need no
    such look; `tests/components/images/test_decode.py` holds them mode by mode.

    Args:
        contents: The file.
        pixels: `[height, width, 3] uint8`, as TensorFlow decodes it.
    """
    reading = _read_with_pillow(contents)
    if isinstance(reading, str):
        return f"cannot be compared with Pillow's reading: {reading}"
    right, opaque = reading
    if right.shape != pixels.shape:
        return f"decodes to {pixels.shape[:2]} pixels (height, width), not {right.shape[:2]}"
    if not opaque.any():
        return None
    difference = _mean_difference(right, pixels, opaque)
    if difference > MAX_MEAN_DIFFERENCE:
        return f"TensorFlow decodes wrong colours (off by {difference:.0f} of 255)"
    return None


def _mean_difference(right: Pixels, pixels: Pixels, opaque: npt.NDArray[np.bool_]) -> float:
    """Mean absolute difference of the opaque pixels; row by row, since images may be large."""
    total = sum(
        int(np.abs(ours[shown].astype(np.int16) - theirs[shown]).sum())
        for ours, theirs, shown in zip(right, pixels, opaque, strict=True)
    )
    return total / (3 * int(opaque.sum()))


def _read_with_pillow(contents: bytes) -> tuple[Pixels, npt.NDArray[np.bool_]] | str:
    """Decodes with Pillow.

    Returns:
        `[height, width, 3] uint8` colours and `[height, width]`, whether a pixel is opaque; or what
        went wrong.
    """
    try:
        image: Image.Image = formats.open_image(contents)
        if turn := PILLOW_TURNS.get(find_orientation(contents)):
            image = image.transpose(turn)
        # A transparent pixel has no colour of its own: decoders fill in what they like.
        opaque = np.asarray(image.convert("RGBA"))[..., 3] > 0
        return np.asarray(image.convert("RGB")), opaque
    except Exception as error:  # Pillow raises whatever its parsers stumble on: struct.error, ...
        return f"{type(error).__name__}: {error}"


def _first_line(error: Exception) -> str:
    """The readable part of a TensorFlow error, without the name of the graph's node."""
    message = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return message.split("}} ")[-1].split(" [Op:")[0].splitlines()[0]
