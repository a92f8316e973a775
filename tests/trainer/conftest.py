"""Tiny images for the Trainer: red and blue ones, a class each."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.feature_keys import IMAGE, IMAGE_XF, LABEL
from components.transform.preprocessing import load_image
from trainer.data.input import build_parser, open_split
from trainer.network.network import Network
from trainer.stages.build import Images

LABELS = ("blue", "red")
IMAGE_SIZE = 32


def write_examples(path: Path, count: int, seed: int) -> Path:
    """Writes `count` noisy red and blue PNG images as tf.Examples."""
    random = np.random.default_rng(seed)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for index in range(count):
            pixels = random.integers(0, 120, (8, 8, 3))
            pixels[..., 2 if index % 2 == 0 else 0] += 120
            features = {
                IMAGE: tf.io.encode_png(pixels.astype(np.uint8)).numpy(),
                LABEL: LABELS[index % 2].encode(),
            }
            example = tf.train.Example(
                features=tf.train.Features(
                    feature={
                        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                        for name, value in features.items()
                    }
                )
            )
            writer.write(example.SerializeToString())
    return path


def transform_layer(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Stands in for the Transform graph of a 32 px MobileNet."""
    images = tf.map_fn(
        lambda contents: load_image(
            contents, image_size=IMAGE_SIZE, interpolation="bilinear", scale="tf"
        ),
        tf.reshape(features[IMAGE], [-1]),
        fn_output_signature=tf.float32,
    )
    return {IMAGE_XF: tf.ensure_shape(images, [None, IMAGE_SIZE, IMAGE_SIZE, 3])}


def small_images(folder: Path) -> Images:
    """Writes 40 training and 20 validation images."""
    train = write_examples(folder / "train.tfrecord", 40, seed=1)
    validation = write_examples(folder / "validation.tfrecord", 20, seed=2)
    return Images(
        open_split([str(train)], LABELS),
        open_split([str(validation)], LABELS),
        build_parser(transform_layer),
        np.ones(2, np.float32),
        folder,
    )


@pytest.fixture
def images(tmp_path: Path) -> Images:
    """40 training and 20 validation images."""
    return small_images(tmp_path)


def build_small_network() -> Network:
    """A small network with everything that a backbone has: convolutions and BatchNorm."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))
    outputs = inputs
    for index, filters in enumerate((8, 8, 16)):
        outputs = layers.Conv2D(filters, 3, 2, "same", name=f"conv_{index}")(outputs)
        outputs = layers.BatchNormalization(name=f"bn_{index}")(outputs)
        outputs = layers.ReLU(name=f"relu_{index}")(outputs)
    pooled = layers.GlobalAveragePooling2D(name="pooling")(outputs)
    head = keras.Sequential([keras.Input((16,)), layers.Dropout(0.2), layers.Dense(2)], name="head")
    return Network(keras.Model(inputs, pooled, name="body"), head, "tf")


@pytest.fixture
def make_network() -> Callable[[], Network]:
    """Makes a small network, each time with the same weights."""
    return build_small_network


@pytest.fixture
def network() -> Network:
    """One small network."""
    return build_small_network()
