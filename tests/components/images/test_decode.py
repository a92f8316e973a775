"""Training's decoder, against Pillow's reading of the same files."""

from io import BytesIO

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.decode import decode_image

Y, X = np.mgrid[0:40, 0:56]
RGB = np.stack([X * 4, Y * 6, (X + Y) * 2], axis=-1).astype(np.uint8)
RGBA = np.dstack([RGB, (X * 4).astype(np.uint8)])


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def draw(mode: str) -> Image.Image:
    if mode == "RGBA":
        return Image.fromarray(RGBA)
    if mode == "LA":
        return Image.fromarray(RGBA).convert("LA")
    return Image.fromarray(RGB).convert(mode)


EXACT = [
    *[("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")],
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "P", {"bits": 2}),
    ("PNG", "L", {"transparency": 3}),
    ("PNG", "RGB", {"transparency": (0, 0, 0)}),
    *[("GIF", mode, {}) for mode in ("1", "L", "P", "RGB")],
    ("GIF", "P", {"interlace": True}),
    *[("BMP", mode, {}) for mode in ("L", "RGB", "RGBA")],
]


@pytest.mark.parametrize(("image_format", "mode", "options"), EXACT)
def test_lossless_images_are_exact(
    image_format: str, mode: str, options: dict[str, object]
) -> None:
    contents = encode(draw(mode), image_format, **options)
    with Image.open(BytesIO(contents)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decode_image(tf.constant(contents)).numpy(), expected)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 1}])
def test_jpegs_differ_by_rounding_only(mode: str, options: dict[str, object]) -> None:
    contents = encode(draw(mode), "JPEG", **options)
    with Image.open(BytesIO(contents)) as image:
        expected = np.asarray(image.convert("RGB")).astype(int)
    actual = decode_image(tf.constant(contents)).numpy()
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).mean() < 2


def test_16_bits_are_scaled_to_8() -> None:
    gray = (X * 1000 + Y * 7).astype(np.uint16)
    contents = encode(Image.fromarray(gray), "PNG")
    expected = np.repeat((gray >> 8).astype(np.uint8)[..., None], 3, axis=-1)
    np.testing.assert_array_equal(decode_image(tf.constant(contents)).numpy(), expected)
    colour = tf.io.encode_png(RGB.astype(np.uint16) * 257)
    np.testing.assert_array_equal(decode_image(colour).numpy(), RGB)


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.fromarray(RGB).quantize(32), Image.fromarray(RGB[::-1]).quantize(32)]
    contents = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    expected = np.asarray(frames[0].convert("RGB"))
    np.testing.assert_array_equal(decode_image(tf.constant(contents)).numpy(), expected)


def test_is_the_same_in_a_dataset_and_in_a_saved_model(tmp_path: object) -> None:
    contents = encode(draw("RGB"), "PNG")
    dataset = tf.data.Dataset.from_tensors(contents).map(decode_image)
    assert dataset.element_spec == tf.TensorSpec([None, None, 3], tf.uint8)
    np.testing.assert_array_equal(next(iter(dataset)).numpy(), RGB)
    module = tf.Module()
    module.decode = tf.function(decode_image, input_signature=[tf.TensorSpec([], tf.string)])
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.decode(tf.constant(contents)).numpy(), RGB)


@pytest.mark.parametrize("contents", [b"", b"not an image", encode(draw("RGB"), "PNG")[:-50]])
def test_an_incomplete_image_raises(contents: bytes) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_image(tf.constant(contents))
