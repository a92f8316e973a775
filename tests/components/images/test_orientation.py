"""EXIF orientation in the graph, held against Pillow, which reads it by other code."""

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf
from PIL import Image, ImageOps, PngImagePlugin

from components.images.orientation import TAG, find_orientation, read_orientation, turn_upright

Pixels = npt.NDArray[np.uint8]

PIXELS = np.random.default_rng(1).integers(0, 256, (24, 40, 3), np.uint8)
SPEC = [tf.TensorSpec([], tf.string)]


@tf.function(input_signature=SPEC, autograph=False)
def decode(contents: tf.Tensor) -> tf.Tensor:
    image = tf.io.decode_image(contents, channels=3, expand_animations=False)
    return turn_upright(image, contents)


orientation_in_graph = tf.function(read_orientation, input_signature=SPEC, autograph=False)


def orientation_of(contents: bytes) -> int:
    """As the graph, eager execution and ingest read it."""
    found = int(orientation_in_graph(tf.constant(contents)))
    assert int(read_orientation(tf.constant(contents))) == found
    assert find_orientation(contents) == found
    return found


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[TAG] = orientation
    tags[0x010F], tags[0x0110] = "Maker", "Model"  # sorted before it
    tags[0x0131] = "Software " * 20  # and behind
    return tags.tobytes()


def encode(image_format: str, tags: bytes = b"", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, image_format, exif=tags, **options)
    return buffer.getvalue()


def tiff(endian: str, value: bytes, kind: int = 3, tag: int = TAG, offset: int = 8) -> bytes:
    """A TIFF file with one entry; `value` has four bytes."""
    mark = b"II" if endian == "<" else b"MM"
    head = mark + struct.pack(f"{endian}HI", 42, offset) + bytes(offset - 8)
    return head + struct.pack(f"{endian}HHHI", 1, tag, kind, 1) + value + bytes(4)


def jpeg_with(payload: bytes, before: bytes = b"") -> bytes:
    """A JPEG whose first segment, or the one after `before`, is an APP1 with EXIF."""
    jpeg = encode("JPEG")
    body = b"Exif\0\0" + payload
    return jpeg[:2] + before + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_an_image_comes_out_as_pillow_turns_it(image_format: str, orientation: int) -> None:
    contents = encode(image_format, exif(orientation))
    assert orientation_of(contents) == orientation
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(contents)))
    plain = encode(image_format)
    pixels = tf.io.decode_image(plain, channels=3).numpy()
    image = Image.fromarray(pixels)
    image.getexif()[TAG] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    actual = decode(tf.constant(contents)).numpy()
    assert actual.shape[1::-1] == turned.size
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("contents", [encode("GIF"), encode("BMP"), encode("PNG"), encode("JPEG")])
def test_an_image_without_exif_is_left_alone(contents: bytes) -> None:
    assert orientation_of(contents) == 1
    expected = tf.io.decode_image(contents, channels=3, expand_animations=False)
    np.testing.assert_array_equal(decode(tf.constant(contents)), expected)


@pytest.mark.parametrize(
    ("payload", "orientation"),
    [
        (tiff("<", struct.pack("<HH", 6, 0)), 6),
        (tiff(">", struct.pack(">HH", 6, 0)), 6),
        (tiff(">", struct.pack(">HH", 8, 0), offset=40), 8),
        (tiff("<", struct.pack("<I", 3), kind=4), 3),
        (tiff(">", struct.pack(">I", 3), kind=4), 3),
        # What follows is malformed, or says nothing.
        (tiff("<", struct.pack("<HH", 0, 0)), 1),
        (tiff("<", struct.pack("<HH", 9, 0)), 1),
        (tiff("<", struct.pack("<HH", 65535, 0)), 1),
        (tiff("<", struct.pack("<HH", 6, 0), tag=0x0113), 1),
        (tiff("<", struct.pack("<HH", 6, 0))[:15], 1),
        (b"II*\0" + struct.pack("<I", 2**31 + 8) + bytes(40), 1),
        (b"II*\0" + struct.pack("<I", 7) + bytes(40), 1),
        (b"II*\0" + struct.pack("<I", 10**6) + bytes(40), 1),
        (b"XX*\0" + struct.pack("<I", 8) + bytes(40), 1),
        (b"", 1),
    ],
)
def test_every_kind_of_tiff_and_none_raises(payload: bytes, orientation: int) -> None:
    assert orientation_of(jpeg_with(payload)) == orientation


def test_segments_before_exif_are_passed_over() -> None:
    payload = tiff("<", struct.pack("<HH", 6, 0))
    profile = b"\xff\xe2" + struct.pack(">H", 60_002) + b"Exif\0\0" * 10_000
    fill = b"\xff\xff\xff"
    assert orientation_of(jpeg_with(payload, before=profile + profile)) == 6
    assert orientation_of(jpeg_with(payload, before=profile + fill)) == 6


def test_exif_behind_the_start_of_the_scan_is_pixels() -> None:
    jpeg = encode("JPEG")
    at = jpeg.find(b"\xff\xda")
    hidden = jpeg_with(tiff("<", struct.pack("<HH", 6, 0)))[2:100]
    assert orientation_of(jpeg[: at + 14] + hidden + jpeg[at + 14 :]) == 1


def test_a_png_with_the_letters_in_a_text_is_left_alone() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "eXIf" * 100)
    assert orientation_of(encode("PNG", pnginfo=info)) == 1


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_no_truncation_and_no_broken_byte_raises(image_format: str) -> None:
    contents = encode(image_format, exif(6))
    start = contents.find(b"xif")
    for end in range(0, start + 60):
        cut = contents[:end]
        assert int(orientation_in_graph(tf.constant(cut))) == find_orientation(cut)
    rng = np.random.default_rng(2)
    for _ in range(300):
        broken = bytearray(contents)
        broken[rng.integers(0, start + 60)] = rng.integers(0, 256)
        found = int(orientation_in_graph(tf.constant(bytes(broken))))
        assert found == find_orientation(bytes(broken)) and 1 <= found <= 8
