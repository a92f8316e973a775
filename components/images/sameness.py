"""Whether two image files show the same: exactly (`hash_pixels`), or nearly (`hash_look`).

`hash_pixels` of two files are equal where what is decoded of them is: their metadata, and for other
formats than JPEG their compression, may differ. A JPEG's pixels follow from its tables and scans,
which are hashed instead, so that ingest need not decode all of them.

`hash_look` is the perceptual hash of images (pHash; C. Zauner, "Implementation and Benchmarking of
Perceptual Image Hash Functions", 2010, section 3.2.1): 64 low frequencies of the cosine transform
of 32 x 32 pixels of luminance, each above or below their median. Copies that were scaled,
compressed, made lighter or gray differ in few of the 64 bits; other images in about 32.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.images.formats import jpeg_segments
from components.images.orientation import PILLOW_TURNS

Pixels = npt.NDArray[np.uint8]

SIDE = 32
"""Pixels that a hash is made of, each way; smaller images have none."""
LEAST_CONTRAST = 8
"""Darkest to lightest of these pixels, of 255; with less, the image is a blank surface."""

_END = b"\xff\xd9"
_APP0, _APP14, _APP15, _COMMENT = 0xE0, 0xEE, 0xEF, 0xFE
_FREQUENCIES = 8
# The first frequency is the mean, which does not depend on what is shown.
_COSINES = np.cos(
    np.pi * np.outer(np.arange(1, _FREQUENCIES + 1), 2 * np.arange(SIDE) + 1) / (2 * SIDE)
)


class Decoded(NamedTuple):
    """The pixels of an image as its check has decoded them."""

    pixels: Pixels
    """`[height, width, 3]`; those of a JPEG are gray, `[height, width, 1]`, and not turned."""
    width: float
    """How much of them shows the image: a JPEG's last blocks go beyond its border."""
    height: float
    orientation: int = 1
    """What turns them upright, 1 to 8."""
    is_reduced: bool = False
    """Whether they are a JPEG's, at a part of its size."""


def hash_pixels(contents: bytes, decoded: Decoded) -> str:
    """A hex digest that is the same for files of the same pixels, see above."""
    digest = hashlib.sha256()
    if decoded.is_reduced:
        digest.update(b"jpeg %d" % decoded.orientation)
        _hash_scans(contents, digest.update)
    else:
        digest.update(b"%d %d" % decoded.pixels.shape[:2])
        digest.update(np.ascontiguousarray(decoded.pixels).data)
    return digest.hexdigest()


def _hash_scans(contents: bytes, update: Callable[[bytes | memoryview], None]) -> None:
    """Hashes the tables and scans of a JPEG, up to its end; a camera appends more images."""
    view, position = memoryview(contents), 2
    for marker, start, end in jpeg_segments(contents):
        position = end
        if marker == _APP0:
            update(b"APP0")  # That it is there says what the colours are; its resolution nothing.
        elif marker == _APP14 or not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            update(view[start - 4 : end])
    end = contents.find(_END, position)
    update(view[position : end if end >= 0 else len(contents)])


def hash_look(decoded: Decoded) -> int | None:
    """The perceptual hash, 64 bits; None where the image is too small or blank."""
    if min(decoded.width, decoded.height) < SIDE:
        return None
    pixels = decoded.pixels
    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])
    box = (0, 0, decoded.width, decoded.height)
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box, reducing_gap=2.0)
    image = image.convert("L")
    if turn := PILLOW_TURNS.get(decoded.orientation):
        image = image.transpose(turn)
    luminance = np.asarray(image, np.float64)
    if luminance.max() - luminance.min() < LEAST_CONTRAST:
        return None
    frequencies = (_COSINES @ luminance @ _COSINES.T).ravel()
    median = np.partition(frequencies, (31, 32))[31:33].mean()
    return int.from_bytes(np.packbits(frequencies > median).tobytes(), "big")


def jpeg_ratio(width: int, height: int) -> int:
    """By how much a JPEG may be reduced each way while it is decoded: 8, or less if it is small."""
    return next((r for r in (8, 4, 2) if min(width, height) >= r * SIDE), 1)
