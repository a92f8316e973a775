"""Similarity of real images to what a backbone was pretrained on."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.example_gen.sources.digits import write_digits
from components.transform.preprocessing import load_image
from trainer.stages.auto_freeze import SIMILAR_FROM, _pool_middle, measure_similarity

WEIGHTS = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
IMAGE_SIZE = 96


def _similarity(folder: Path, weights: Path, per_class: int) -> float:
    backbone = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, weights=None, input_shape=(IMAGE_SIZE,) * 2 + (3,)
    )
    backbone.load_weights(weights)
    top = keras.layers.GlobalAveragePooling2D()(backbone.outputs[0])
    body = keras.Model(backbone.inputs[0], top)
    reader = keras.Model(body.inputs[0], [top, *_pool_middle(body)])
    files = [
        (path, index)
        for index, of_class in enumerate(sorted(path for path in folder.iterdir()))
        for path in sorted(of_class.iterdir())[:per_class]
    ]
    images = [
        load_image(
            tf.constant(path.read_bytes()),
            image_size=IMAGE_SIZE,
            interpolation="bilinear",
            scale="tf",
        )
        for path, _ in files
    ]
    vectors = reader.predict(np.stack(images), batch_size=50, verbose=0)
    label_ids = np.asarray([index for _, index in files])
    return measure_similarity(vectors[0], vectors[1:], label_ids)


@pytest.mark.parametrize("photos", ["cats_vs_dogs/train", "flower_photos"])
def test_photos_are_similar_to_imagenet(photos: str, shared_dir: Path) -> None:
    per_class = 60 if photos == "flower_photos" else 150
    similarity = _similarity(shared_dir / "data" / photos, shared_dir / WEIGHTS, per_class)
    assert similarity > SIMILAR_FROM


def test_scanned_digits_are_not(shared_dir: Path, tmp_path: Path) -> None:
    write_digits(tmp_path / "digits")
    assert _similarity(tmp_path / "digits", shared_dir / WEIGHTS, 30) == 0.0
