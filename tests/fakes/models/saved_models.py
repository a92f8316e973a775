"""A SavedModel with the project's signatures, and images for it."""

import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from components.example_gen.examples import build_example
from components.images.check import Accepted

LABELS = ("cat", "dog", "emu")


class _Classifier(tf.Module):
    def __init__(self, labels: Path) -> None:
        super().__init__()
        self.labels_asset = tf.saved_model.Asset(str(labels))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        def decode(contents: tf.Tensor) -> tf.Tensor:
            image = tf.io.decode_image(contents, channels=3, expand_animations=False)
            return tf.reduce_mean(tf.cast(image, tf.float32))

        light = tf.map_fn(decode, image_bytes, fn_output_signature=tf.float32)
        return {"scores": tf.tile(light[:, tf.newaxis], [1, len(LABELS)])}


def write_saved_model(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    labels = folder.with_name("labels.txt")
    labels.write_text("".join(f"{label}\n" for label in LABELS))
    classifier = _Classifier(labels)
    tf.saved_model.save(classifier, str(folder), {"serving_default": classifier.serving_default})
    return folder


def png(shade: int, size: int = 4) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), shade, np.uint8)).save(file, "PNG")
    return file.getvalue()


def write_examples(
    folder: Path,
    images: dict[str, list[bytes]],
    kinds: Sequence[tuple[str, int, int]] = (("png", 4, 4),),
) -> Path:
    """Writes images by label, as ImageExampleGen does; their examples claim `kinds` in turn."""
    claims = itertools.cycle(kinds)
    (folder / "Split-test").mkdir(parents=True)
    path = folder / "Split-test" / "data_tfrecord-00000-of-00001.gz"
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label, contents in images.items():
            for index, image in enumerate(contents):
                file_format, height, width = next(claims)
                verdict: Any = Accepted(format=file_format, height=height, width=width)
                example = build_example(
                    image, name=f"{label}/{index}", label=label, sha256="", verdict=verdict
                )
                writer.write(example.SerializeToString())
    return folder
