"""Thumbnails are JPEGs of at most 160 pixels, whatever the image."""

import base64
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from components.report.charts.thumbnails import build_thumbnail, read_thumbnails
from tests.components.report.conftest import encode_image, write_examples


def decode(uri: str) -> Image.Image:
    kind, _, contents = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(BytesIO(base64.b64decode(contents)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_every_accepted_format(kind: str) -> None:
    assert decode(build_thumbnail(encode_image(1, (200, 100), kind))).size == (160, 80)


def test_a_small_image_is_enlarged_by_a_whole_factor() -> None:
    assert decode(build_thumbnail(encode_image(1, (8, 6)))).size == (160, 120)
    assert decode(build_thumbnail(encode_image(1, (100, 90)))).size == (100, 90)


def test_a_line_of_pixels_stays_visible() -> None:
    assert decode(build_thumbnail(encode_image(1, (4000, 1)))).size == (160, 1)


def test_images_are_found_by_name(tmp_path: Path) -> None:
    images = {f"a/{n}.png": ("a", encode_image(n)) for n in range(5)}
    write_examples(tmp_path, images)
    thumbnails = read_thumbnails(str(tmp_path), {"a/1.png", "a/3.png", "elsewhere.png"})
    assert thumbnails.keys() == {"a/1.png", "a/3.png"}
    assert thumbnails["a/1.png"] == build_thumbnail(images["a/1.png"][1])


def test_without_names_nothing_is_read(tmp_path: Path) -> None:
    assert read_thumbnails(str(tmp_path / "nowhere"), set()) == {}
