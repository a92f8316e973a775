"""SavedModels with predictable outputs, and test images for them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

SIGNATURE = "serving_examples"
# Twenty test images of each class; their "bytes" are a number that the models below read.
COUNT = 20


class TinyModel(tf.Module):
    """Correct on the first `correct` images of every class, wrong on the others.

    The predicted class scores 0.9, the others 0.1; a wrong one is the class before the label.
    """

    def __init__(self, correct: int, classes: tuple[str, ...], labels_file: Path):
        super().__init__()
        self.labels = tf.saved_model.Asset(str(labels_file))
        self._correct = tf.Variable(correct)
        self._classes = tf.constant(classes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image/encoded", "truth")}
        parsed = tf.io.parse_example(examples, spec)
        number = tf.strings.to_number(parsed["image/encoded"], tf.int32)
        truth = tf.cast(parsed["truth"][:, None] == self._classes[None, :], tf.float32)
        is_correct = tf.cast(number < self._correct, tf.float32)[:, None]
        scores = 0.8 * (is_correct * truth + (1 - is_correct) * tf.roll(truth, 1, axis=1)) + 0.1
        classes = tf.tile(self._classes[None, :], [tf.shape(scores)[0], 1])
        return {"scores": scores, "classes": classes}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def one_class(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Always the first class."""
        scores = tf.one_hot(tf.zeros_like(examples, tf.int32, name="zeros"), 2)
        classes = tf.tile(self._classes[None, :], [tf.shape(scores)[0], 1])
        return {"scores": scores, "classes": classes}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def fail(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"scores": tf.strings.to_number(examples), "classes": examples}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def logits(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": tf.ones([tf.shape(examples)[0], 2])}


def make_model(
    folder: Path, correct: int, classes: tuple[str, ...] = ("cats", "dogs"), output: str = "serve"
) -> standard_artifacts.Model:
    labels = folder / "labels.txt"
    labels.parent.mkdir(parents=True)
    labels.write_text("".join(f"{name}\n" for name in classes))
    model = TinyModel(correct, classes, labels)
    path = folder / "Format-Serving"
    tf.saved_model.save(model, str(path), signatures={SIGNATURE: getattr(model, output)})
    artifact = standard_artifacts.Model()
    artifact.uri = str(folder)
    artifact.id = correct + 1
    return artifact


def digest(label: str, number: int) -> str:
    """The SHA-256 that an image's example has."""
    return hashlib.sha256(f"{label}/{number}".encode()).hexdigest()


def serialize(label: str, number: int) -> bytes:
    """The tf.Example of one image."""
    values = {
        "image/encoded": str(number),
        "image/class/text": label,
        "truth": label,
        "image/filename": f"{label}/{number:03}.png",
        "image/format": "png",
        "image/sha256": digest(label, number),
        "camera": "A" if number < COUNT // 2 else "B",
    }
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        for name, value in values.items()
    }
    for name, value in (("image/height", 32), ("image/width", 200)):
        features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def make_examples(folder: Path, classes: Sequence[str] = ("cats", "dogs")) -> Any:
    split = folder / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
        for label in classes:
            for number in range(COUNT):
                writer.write(serialize(label, number))
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(["train", "validation", "test"])
    return artifact
