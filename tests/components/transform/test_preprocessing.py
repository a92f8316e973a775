"""One image through the graph: eagerly, in tf.data and as training reads it, to the bit."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.transform.preprocessing import load_image


@pytest.fixture
def contents() -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (13, 21, 3)).astype(np.uint8)
    return tf.io.encode_jpeg(pixels).numpy()


def test_shape_and_range(contents: bytes) -> None:
    image = load_image(
        tf.constant(contents), image_size=32, interpolation="bilinear", scale="tf"
    ).numpy()
    assert image.shape == (32, 32, 3) and image.dtype == np.float32
    assert -1 <= image.min() < image.max() <= 1


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic", "area", "lanczos3"])
def test_eager_equals_tf_data(contents: bytes, interpolation: str) -> None:
    def load(one: tf.Tensor) -> tf.Tensor:
        return load_image(one, image_size=32, interpolation=interpolation, scale="raw")

    [in_pipeline] = tf.data.Dataset.from_tensors(contents).map(load)
    np.testing.assert_array_equal(load(tf.constant(contents)), in_pipeline)


def test_an_image_of_too_many_pixels_is_not_decoded(contents: bytes) -> None:
    def load(most: int) -> tf.Tensor:
        one = tf.data.Dataset.from_tensors(contents).map(
            lambda read: load_image(
                read, image_size=32, interpolation="bilinear", scale="raw", max_pixels=most
            )
        )
        return one.get_single_element()

    assert load(13 * 21).shape == (32, 32, 3)
    with pytest.raises(tf.errors.InvalidArgumentError):
        load(13 * 21 - 1)


def test_file_name_does_not_matter_only_bytes(contents: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.png"  # it is a JPEG
    path.write_bytes(contents)
    read = tf.io.read_file(str(path))
    image = load_image(read, image_size=32, interpolation="bilinear", scale="raw")
    assert image.shape == (32, 32, 3)
