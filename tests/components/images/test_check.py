"""The verdict on one file, by its bytes."""

import resource
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.check import Accepted, Rejected, check_image
from components.images.decode import decode_image
from components.images.limits import ImageLimits
from tests.fakes.image_data import encode_image

LIMITS = ImageLimits()
Y, X = np.mgrid[0:40, 0:56]
IMAGE = Image.fromarray(np.stack([X * 4, Y * 6, X * Y], axis=-1).astype(np.uint8))


def save(image: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def bmp(bits: int, compression: int, palette: bytes, data: bytes) -> bytes:
    """A BMP of 16 x 12 pixels."""
    offset = 54 + len(palette)
    colors = len(palette) // 4
    info = struct.pack("<IiiHHIIiiII", 40, 16, 12, 1, bits, compression, len(data), 0, 0, colors, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + data


def gif_with_small_frame() -> bytes:
    contents = bytearray(save(IMAGE.quantize(16), "GIF"))
    contents[6:10] = struct.pack("<HH", 100, 90)
    return bytes(contents)


@pytest.mark.parametrize(
    ("image_format", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGBA"),
        ("PNG", "I;16"),
        ("GIF", "P"),
        ("BMP", "L"),
        ("BMP", "RGBA"),
    ],
)
def test_accepts_what_decodes_right(image_format: str, mode: str) -> None:
    image = Image.new("I;16", (56, 40), 999) if mode == "I;16" else IMAGE.convert(mode)
    verdict = check_image(save(image, image_format), LIMITS)
    assert verdict == Accepted(image_format.lower(), height=40, width=56)


def test_camera_jpegs_with_a_second_image_are_jpegs() -> None:
    contents = save(IMAGE, "MPO", save_all=True, append_images=[IMAGE])
    assert check_image(contents, LIMITS) == Accepted("jpeg", 40, 56)


def test_transparent_pixels_of_a_gif_may_have_any_colour() -> None:
    contents = save(IMAGE.quantize(64), "GIF", transparency=5)
    assert check_image(contents, LIMITS) == Accepted("gif", 40, 56)


REJECTED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "empty_file", "0 bytes"),
    "text": (lambda: b"hello", "not_an_image", "starts with b'hello'; use JPEG, PNG, GIF or BMP"),
    "jp2": (lambda: save(IMAGE, "JPEG2000"), "unsupported_format", "JPEG 2000; use JPEG, PNG, "),
    "video": (lambda: b"\0\0\0\x18ftypmp42" + bytes(20), "unsupported_format", "QuickTime; use"),
    "jpeg cut": (
        lambda: save(IMAGE, "JPEG")[:700],
        "undecodable",
        "off: jpeg::Uncompress failed. Invalid JPEG data",
    ),
    "png cut": (lambda: save(IMAGE, "PNG")[:-100], "undecodable", "Invalid PNG data"),
    "png header cut": (lambda: save(IMAGE, "PNG")[:20], "undecodable", "malformed header: "),
    "bmp 1 bit": (
        lambda: save(IMAGE.convert("1"), "BMP"),
        "unsupported_pixels",
        "bmp (1): TensorFlow cannot read it",
    ),
    "bmp palette": (
        lambda: save(IMAGE.quantize(64), "BMP"),
        "unsupported_pixels",
        "bmp (P): TensorFlow decodes wrong colours",
    ),
    "bmp 16 bits": (
        lambda: bmp(16, 0, b"", np.arange(192, dtype="<u2").tobytes()),
        "unsupported_pixels",
        "bmp (RGB): TensorFlow cannot read it",
    ),
    "bmp run lengths": (
        lambda: bmp(8, 1, bytes(8), b"\x10\x01\x00\x00" * 12 + b"\x00\x01"),
        "unsupported_pixels",
        "TensorFlow cannot read it",
    ),
    "gif small frame": (
        gif_with_small_frame,
        "unsupported_pixels",
        "gif (P): decodes to (40, 56) pixels (height, width), not (90, 100)",
    ),
    "jpeg of 1000 scans": (
        lambda: save(IMAGE, "JPEG") + b"\xff\xda" * 1000,
        "undecodable",
        "has 1001 progressive scans; 500 are allowed at 56 x 40",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejects_with_a_reason(case: str) -> None:
    contents, reason, detail = REJECTED[case]
    verdict = check_image(contents(), LIMITS)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == reason
    assert detail in verdict.detail


def test_limits() -> None:
    contents = save(IMAGE, "PNG")
    small = ImageLimits(max_image_bytes=100)
    assert check_image(contents, small) == Rejected(
        "too_many_bytes", f"{len(contents):,} bytes; data.max_image_bytes is 100"
    )
    few = ImageLimits(max_image_pixels=2000)
    assert check_image(contents, few) == Rejected(
        "too_many_pixels", "56 x 40, 2,240 pixels to decode; data.max_image_pixels is 2,000"
    )


def test_scans_times_pixels_are_limited() -> None:
    contents = bytearray(save(IMAGE, "JPEG", progressive=True))
    assert contents.count(b"\xff\xda") == 10
    assert isinstance(check_image(bytes(contents), LIMITS), Accepted)
    size = contents.index(b"\xff\xc2") + 5
    contents[size : size + 4] = struct.pack(">HH", 8000, 8000)
    assert check_image(bytes(contents) + b"\xff\xda" * 11, LIMITS) == Rejected(
        "undecodable", "has 21 progressive scans; 20 are allowed at 8000 x 8000"
    )


def test_frames_of_a_gif_count_together() -> None:
    noise = [encode_image(seed, "PNG", (100, 100)) for seed in range(10)]
    frames = [Image.open(BytesIO(contents)).quantize(16) for contents in noise]
    contents = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    limits = ImageLimits(max_image_pixels=50_000)
    verdict = check_image(contents, limits)
    assert verdict == Rejected(
        "too_many_pixels",
        "100 x 100 in 10 frames, 100,000 pixels to decode; data.max_image_pixels is 50,000",
    )


def test_a_decompression_bomb_is_not_unpacked() -> None:
    """The first bytes of a PNG of 2.7 GB when decoded."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data, b"IEND")
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    verdict = check_image(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), LIMITS)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "too_many_pixels"
    assert grown_kib < 10_000


def test_what_is_accepted_decodes() -> None:
    for image_format in ("JPEG", "PNG", "GIF", "BMP"):
        contents = encode_image(1, image_format)
        verdict = check_image(contents, LIMITS)
        assert isinstance(verdict, Accepted)
        decoded = decode_image(tf.constant(contents))
        assert decoded.shape == (verdict.height, verdict.width, 3)
