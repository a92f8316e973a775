"""A model of an image's mean colour, and examples for it, small enough to check in seconds."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from components.example_gen.examples import build_example
from components.feature_keys import IMAGE, IMAGE_XF
from components.images.check import Accepted
from components.transform.preprocessing import load_image
from trainer.export import Classifier, export_classifier

LABELS = ("blue", "green", "red")
SIZE = 16
WEIGHTS = np.random.default_rng(1).normal(0, 3, (3, 3)).astype(np.float32)


class TransformLayer(tf.Module):
    """Replaces the Transform graph."""

    def __call__(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Decodes, resizes and scales a batch."""
        images = tf.map_fn(
            lambda contents: load_image(
                contents, image_size=SIZE, interpolation="bilinear", scale="tf"
            ),
            tf.reshape(features[IMAGE], [-1]),
            fn_output_signature=tf.TensorSpec([SIZE, SIZE, 3], tf.float32),
        )
        return {IMAGE_XF: images}


def mean_colour(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The smallest possible network: logits of an image's mean colour."""
    return tf.linalg.matmul(tf.reduce_mean(images, axis=[1, 2]), weights)


def save_model(
    folder: Path,
    kind: type[Classifier] = Classifier,
    logits_fn: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = mean_colour,
    weights: np.ndarray = WEIGHTS,
) -> Path:
    """Exports a model as the Trainer does."""
    labels = folder / "labels.txt"
    labels.parent.mkdir(parents=True, exist_ok=True)
    labels.write_text("".join(f"{label}\n" for label in LABELS))
    variable = tf.Variable(weights)
    model = kind(
        lambda images: logits_fn(images, variable),
        [variable],
        TransformLayer(),
        LABELS,
        labels,
    )
    export_classifier(model, str(folder / "Format-Serving"))
    return folder / "Format-Serving"


def make_image(seed: int, name: str = "PNG", size: tuple[int, int] = (20, 20)) -> bytes:
    """An image of noise around one colour."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 120, 3) + random.integers(0, 120, (*size, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, name)
    return buffer.getvalue()


def write_split(folder: Path, images: list[bytes], formats: list[str]) -> None:
    """Writes images as ImageExampleGen does."""
    folder.mkdir(parents=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(folder / "data-00000-of-00001.gz"), options) as writer:
        for contents, name in zip(images, formats, strict=True):
            with Image.open(io.BytesIO(contents)) as image:
                width, height = image.size
            example = build_example(
                contents,
                name=f"{len(contents)}.{name}",
                label="red",
                sha256=hashlib.sha256(contents).hexdigest(),
                verdict=Accepted(name, height, width),
            )
            writer.write(example.SerializeToString())
