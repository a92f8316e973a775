"""Formats that TensorFlow's graph cannot decode, by the first bytes of a file.

Some are converted at ingest and by `predict`; the others are refused by their name.
"""

import re
from collections.abc import Sequence

_SIGNATURES = (
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("BigTIFF", 0, b"II+\x00"),
    ("BigTIFF", 0, b"MM\x00+"),
    ("camera raw", 0, b"IIRO"),
    ("camera raw", 0, b"IIU\x00"),
    ("camera raw", 0, b"FUJIFILMCCD-RAW"),
    ("JPEG 2000", 4, b"jP  "),
    ("JPEG 2000", 0, b"\xff\x4f\xff\x51"),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 4, b"JXL "),
    ("Photoshop", 0, b"8BPS"),
    ("icon", 0, b"\x00\x00\x01\x00"),
    ("DICOM", 128, b"DICM"),
    ("OpenEXR", 0, b"\x76\x2f\x31\x01"),
    ("TGA", -18, b"TRUEVISION-XFILE.\0"),
)
"""Name, offset from the beginning or the end, and what is there."""
_PATTERNS = (
    ("WebP", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("camera raw", re.compile(rb"II\*\0.{4}CR", re.DOTALL)),  # Canon's CR2; to others a TIFF
    ("PPM", re.compile(rb"P[1-7]\s[\s\d#]")),
    ("SVG", re.compile(rb"(\xef\xbb\xbf)?\s*(<[?!][^>]*>\s*)*<svg")),
)
_BRANDS = (
    ("AVIF", (b"avif", b"avis")),
    ("HEIC", (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")),
    ("camera raw", (b"crx ",)),
)
"""Of the box `ftyp` (ISO/IEC 14496-12, 4.3): what its images are encoded with."""
_MOST_BRANDS = 32
VIDEO = "MP4 or QuickTime"
"""What `detect_other_format` calls a file with such a box and other contents."""
_BEGINNING = 2048
"""Bytes in which a pattern is looked for."""


def detect_other_format(contents: bytes) -> str | None:
    """Names a format that people keep images in and that TensorFlow cannot decode, or None."""
    if contents[4:8] == b"ftyp":
        return _detect_by_brands(_read_brands(contents))
    beginning = contents[:_BEGINNING]
    for name, pattern in _PATTERNS:
        if pattern.match(beginning):
            return name
    for name, offset, signature in _SIGNATURES:
        start = offset if offset >= 0 else max(0, len(contents) + offset)
        if contents.startswith(signature, start):
            return name
    return None


def _read_brands(contents: bytes) -> list[bytes]:
    """The major brand and the compatible ones; the minor version between them is none."""
    size = min(int.from_bytes(contents[:4], "big"), 16 + 4 * _MOST_BRANDS)
    return [contents[8:12]] + [contents[at : at + 4] for at in range(16, size, 4)]


def _detect_by_brands(brands: Sequence[bytes]) -> str:
    for name, its_brands in _BRANDS:
        if any(brand in its_brands for brand in brands):
            return name
    return VIDEO
