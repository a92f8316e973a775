"""Damage that decoders bridge, in real photos and in JPEGs with harmless oddities."""

import random
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.check import Accepted, Rejected, check_image
from components.images.decode import decode_image
from components.images.jpeg_damage import find_warning
from components.images.limits import ImageLimits

LIMITS = ImageLimits()


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def with_zeros(contents: bytes, count: int = 4096) -> bytes:
    start = contents.rfind(b"\xff\xda") + 12
    third = start + (len(contents) - start) // 3
    return contents[:third] + bytes(count) + contents[third + count :]


def with_early_end(contents: bytes) -> bytes:
    return contents[: len(contents) // 2] + b"\xff\xd9"


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_damage_is_refused_and_the_graph_does_not_notice(mode: str, progressive: bool) -> None:
    contents = jpeg(mode, progressive=progressive)
    assert isinstance(check_image(contents, LIMITS), Accepted)
    damaged = with_early_end(contents)
    decode_image(tf.constant(damaged))
    verdict = check_image(damaged, LIMITS)
    assert isinstance(verdict, Rejected)
    assert verdict.message.startswith("damaged: libjpeg says: Corrupt JPEG data: ")


def test_photos(shared_dir: Path) -> None:
    files = sorted((shared_dir / "data" / "flower_photos").glob("*/*.jpg"))
    missed = []
    for file in random.Random(0).sample(files, 100):
        photo = file.read_bytes()
        assert isinstance(check_image(photo, LIMITS), Accepted), file
        for damaged in (with_zeros(photo), with_early_end(photo)):
            if isinstance(check_image(damaged, LIMITS), Accepted):
                missed.append(file.name)
    assert len(missed) <= 2  # of 200


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


@pytest.mark.parametrize(
    "odd",
    [
        segment(0xE0, b"JFIF\0\x03\x01\0\0\1\0\1\0\0"),
        segment(0xE2, b"ICC_PROFILE\0\x02\x01" + bytes(40)),
        segment(0xED, b"Photoshop 3.0\x008BIMxx"),
        segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
        segment(0xFE, bytes(60_000)),
    ],
)
def test_odd_metadata_is_no_damage(odd: bytes) -> None:
    contents = jpeg()
    assert isinstance(check_image(contents[:2] + odd + contents[2:], LIMITS), Accepted)


def test_bytes_behind_the_end_are_no_damage() -> None:
    assert find_warning(jpeg() + bytes(1000), "RGB") == ""
