"""Pictures as tf.Examples: parses those that come in, builds those that go out."""

import tensorflow as tf
from google.protobuf.message import DecodeError

from components.ingest.check import Accepted, Rejected


def is_label(name: str) -> bool:
    """Whether a class name can stand in a vocabulary file, one name a line, and in a table."""
    return bool(name.strip()) and name.isprintable()


def parse_example(record: bytes) -> tuple[bytes, str] | Rejected:
    """Takes the picture and its label out of a serialized tf.Example.

    Returns:
        The bytes of `image/encoded` and the label: `image/class/text`, or else the number in
        `image/class/label`, as text.
    """
    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        return Rejected("not_an_example", "the record is no tf.Example")
    encoded = features["image/encoded"].bytes_list.value
    texts = features["image/class/text"].bytes_list.value
    numbers = features["image/class/label"].int64_list.value
    if len(encoded) != 1 or len(texts or numbers) != 1:
        return Rejected(
            "not_an_example", "needs one image/encoded and one image/class/text or /label"
        )
    label = texts[0].decode("utf-8", "replace") if texts else str(numbers[0])
    if not is_label(label):
        return Rejected("not_an_example", f"the label {label!r} is empty or has control characters")
    return encoded[0], label


def build_example(
    contents: bytes, *, name: str, label: str, sha256: str, verdict: Accepted
) -> tf.train.Example:
    """Builds the tf.Example of one accepted picture; names follow TFDS and TF Model Garden.

    Args:
        contents: The picture's bytes, unchanged.
        name: Path of its file below `data.path`.
        label: Its class.
        sha256: Hex digest of its bytes.
        verdict: Its format and size.
    """
    feature = {
        "image/encoded": _bytes(contents),
        "image/format": _bytes(verdict.format.encode()),
        "image/filename": _bytes(name.encode()),
        "image/height": _int(verdict.height),
        "image/width": _int(verdict.width),
        "image/class/text": _bytes(label.encode()),
        "image/sha256": _bytes(sha256.encode()),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


def _bytes(value: bytes) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _int(value: int) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
