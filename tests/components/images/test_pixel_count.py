"""The graph counts pixels as ingest does."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.formats import HeaderError, detect_format, measure_gif, read_header
from components.images.pixel_count import count_pixels

count_in_graph = tf.function(
    count_pixels, input_signature=[tf.TensorSpec([], tf.string)], autograph=False
)


def encode(image_format: str, size: tuple[int, int] = (40, 24), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, image_format, **options)
    return buffer.getvalue()


def animation(frames: int) -> bytes:
    images = [Image.fromarray(np.full((24, 40), 50 * number, np.uint8)) for number in range(frames)]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (40, 24), (3000, 7), (300, 70_000)])
@pytest.mark.parametrize("image_format", ["PNG", "BMP", "JPEG", "GIF"])
def test_width_times_height(image_format: str, size: tuple[int, int]) -> None:
    if image_format in ("JPEG", "GIF") and size[1] > 65_535:
        pytest.skip(f"a {image_format} cannot be that high")
    contents = encode(image_format, size)
    assert int(count_in_graph(contents)) == size[0] * size[1] == read_header(contents).pixels


def test_a_bmp_from_the_top_has_a_negative_height() -> None:
    contents = bytearray(encode("BMP"))
    contents[22:26] = (-24).to_bytes(4, "little", signed=True)
    assert int(count_in_graph(bytes(contents))) == 40 * 24


def test_frames_of_a_gif_are_added_up() -> None:
    assert int(count_in_graph(animation(3))) == 3 * 40 * 24


def test_other_files_have_none() -> None:
    assert int(count_in_graph(b"")) == int(count_in_graph(b"RIFF....WEBP")) == 0


def test_gifs_that_are_broken_are_counted_as_at_ingest(shared_dir: Path) -> None:
    files = sorted((shared_dir / "data" / "malformed_images" / "gif").rglob("*"))
    contents = [file.read_bytes() for file in files if file.is_file()]
    gifs = [one for one in contents if detect_format(one) == "gif" and len(one) < 20_000]
    assert len(gifs) > 50
    for gif in gifs[:100]:
        assert int(count_in_graph(gif)) == measure_gif(gif).pixels


def test_pngs_and_bmps_that_are_broken_are_counted_as_at_ingest(shared_dir: Path) -> None:
    seen = 0
    for kind in ("png", "bmp"):
        for file in sorted((shared_dir / "data" / "malformed_images" / kind).rglob("*")):
            contents = file.read_bytes() if file.is_file() else b""
            if detect_format(contents) != kind:
                continue
            try:
                pixels = read_header(contents).pixels
            except HeaderError:
                continue
            assert int(count_in_graph(contents)) == pixels, file
            seen += 1
    assert seen > 50
