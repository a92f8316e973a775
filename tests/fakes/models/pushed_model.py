"""A pushed model that is built in a second, and images for it."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from components.artifacts import LABELS_FILE
from tests.trainer.conftest import LABELS, transform_layer
from trainer.export import Classifier, export_classifier


class TransformLayer(tf.Module):
    """Replaces the Transform graph."""

    def __call__(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return transform_layer(features)


class OldModel(tf.Module):
    """A model from before `valid`: one undecodable image fails the whole batch."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        colours = tf.map_fn(
            lambda contents: tf.reduce_mean(
                tf.cast(tf.io.decode_image(contents, 3, expand_animations=False), tf.float32),
                axis=[0, 1],
            ),
            image_bytes,
            fn_output_signature=tf.TensorSpec([3], tf.float32),
        )
        scores = tf.nn.softmax(colours[:, ::-2] / 100)
        return {
            "scores": scores,
            "classes": tf.tile(tf.constant([LABELS]), [tf.shape(scores)[0], 1]),
        }


@functools.cache
def exported_model() -> Path:
    """A SavedModel as the Trainer exports it, which distinguishes blue from red."""
    folder = Path(tempfile.mkdtemp(prefix="exported-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    labels_file = folder / LABELS_FILE
    labels_file.write_text("".join(f"{label}\n" for label in LABELS))
    slope = tf.Variable(2.0)
    classifier = Classifier(
        # Of the channels red, green and blue: blue and red.
        lambda images: slope * tf.reduce_mean(images, axis=[1, 2])[:, ::-2],
        [slope],
        TransformLayer(),
        LABELS,
        labels_file,
    )
    export_classifier(classifier, str(folder / "model"))
    return folder / "model"


def write_image(path: Path, colour: str, seed: int = 0) -> Path:
    """Writes a noisy image that is mostly of one colour."""
    pixels = np.random.default_rng(seed).integers(0, 120, (8, 8, 3))
    pixels[..., 0 if colour == "red" else 2] += 120
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path, "PNG")
    return path
