"""What ingest refuses for its pixels, the exported model's decoder refuses, and nothing else."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.check import Accepted, check_image
from components.images.decode import decode_image
from components.images.limits import ImageLimits

LIMITS = ImageLimits()
Y, X = np.mgrid[0:40, 0:56]
IMAGE = Image.fromarray(np.stack([X * 4, Y * 6, (X + Y) * 2], axis=-1).astype(np.uint8))


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def decode_served(contents: tf.Tensor) -> tf.Tensor:
    return decode_image(contents, LIMITS.max_image_pixels)


def is_served(contents: bytes) -> bool:
    try:
        decode_served(tf.constant(contents))
    except tf.errors.InvalidArgumentError:
        return False
    return True


def save(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def without_adobe(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


def with_canvas(gif: bytes, width: int, height: int) -> bytes:
    return gif[:6] + struct.pack("<HH", width, height) + gif[10:]


def bmp_with_masks(*masks: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 32, 3, 16, 0, 0, 0, 0)
    return (
        b"BM" + struct.pack("<IHHI", 82, 0, 0, 66) + info + struct.pack("<III", *masks) + bytes(16)
    )


CASES = {
    "bmp gray": (save(IMAGE.convert("L"), "BMP"), True),
    "bmp": (save(IMAGE, "BMP"), True),
    "bmp alpha": (save(IMAGE.convert("RGBA"), "BMP"), True),
    "bmp palette": (save(IMAGE.quantize(64), "BMP"), False),
    "bmp 1 bit": (save(IMAGE.convert("1"), "BMP"), False),
    "cmyk": (save(IMAGE.convert("CMYK"), "JPEG"), True),
    "cmyk without adobe": (without_adobe(save(IMAGE.convert("CMYK"), "JPEG")), False),
    "rgb without markers": (save(IMAGE, "JPEG"), True),
    "gif": (save(IMAGE, "GIF"), True),
    "gif of frames": (save(IMAGE, "GIF", save_all=True, append_images=[IMAGE.rotate(9)]), True),
    "gif in a larger canvas": (with_canvas(save(IMAGE, "GIF"), 90, 60), False),
    "gif in a smaller canvas": (with_canvas(save(IMAGE, "GIF"), 9, 6), True),
}


@pytest.mark.parametrize("case", CASES)
def test_ingest_and_the_graph_agree(case: str) -> None:
    contents, expected = CASES[case]
    assert is_served(contents) == expected
    assert isinstance(check_image(contents, LIMITS), Accepted) == expected


def test_run_lengths_and_masks_of_a_bmp() -> None:
    packed = bytearray(save(IMAGE.convert("L"), "BMP"))
    packed[30] = 1
    assert not is_served(bytes(packed))
    assert is_served(bmp_with_masks(0xFF0000, 0xFF00, 0xFF))
    assert not is_served(bmp_with_masks(0xFF, 0xFF00, 0xFF0000))


def test_malformed_files(shared_dir: Path) -> None:
    disagreements = 0
    for file in sorted((shared_dir / "data" / "malformed_images").glob("*/*")):
        contents = file.read_bytes()
        verdict = check_image(contents, LIMITS)
        if isinstance(verdict, Accepted):
            assert is_served(contents), file
        elif is_served(contents):
            # The graph does not see the warnings of libjpeg.
            disagreements += 1
            assert verdict.reason == "damaged" or "frame header" in verdict.detail, file
    assert disagreements <= 14
