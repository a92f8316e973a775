"""Images as tf.Examples: parses those that are read, builds those that are written."""

from collections.abc import Mapping
from types import MappingProxyType

import tensorflow as tf
from google.protobuf.message import DecodeError

from components import feature_keys
from components.example_gen.sources.listing import Column, RecordFields, clean_label, is_label
from components.images.check import Accepted, Rejected
from components.printable import printable


def parse_example(record: bytes, fields: RecordFields) -> tuple[bytes, str] | Rejected:
    """Takes the image's bytes and the name of its class out of a serialized tf.Example."""
    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        return Rejected("not_an_example", "the record is not a tf.Example")
    encoded = features[fields.image].bytes_list.value
    texts = features[fields.text].bytes_list.value or features[fields.number].bytes_list.value
    numbers = features[fields.number].int64_list.value
    if len(encoded) != 1 or len(texts or numbers) != 1:
        return Rejected("not_an_example", _describe_needs(features, fields))
    if not texts and fields.class_names and numbers[0] not in fields.class_names:
        # TFDS labels what has no label, as the test split of a contest, with -1.
        known = f"{min(fields.class_names)} to {max(fields.class_names)}"
        return Rejected("no_such_class", f"has label {numbers[0]}; the classes are {known}")
    try:
        label = clean_label(texts[0].decode() if texts else _name(numbers[0], fields))
    except UnicodeDecodeError:
        return Rejected("not_an_example", f"the label {texts[0]!r} is not UTF-8")
    if not is_label(label):
        return Rejected("not_an_example", f"the label {label!r} is empty or has control characters")
    return encoded[0], label


def _describe_needs(features: Mapping[str, tf.train.Feature], fields: RecordFields) -> str:
    labels = " or ".join(dict.fromkeys([fields.text, fields.number]))
    there_are = sorted(name for name, value in features.items() if value.WhichOneof("kind"))
    more = f" and {len(there_are) - 10} more" if len(there_are) > 10 else ""
    listed = printable(", ".join(there_are[:10])) + more or "no features"
    needs = f"needs one {fields.image} and one {labels}"
    return f"{needs}; it has {listed}; data.tfrecord names its features"


def _name(number: int, fields: RecordFields) -> str:
    return fields.class_names[number] if fields.class_names else str(number)


def build_example(
    contents: bytes,
    *,
    name: str,
    label: str,
    sha256: str,
    verdict: Accepted,
    columns: Mapping[str, Column] = MappingProxyType({}),
) -> tf.train.Example:
    """Builds the tf.Example of one accepted image; names follow TFDS and TF Model Garden.

    The bytes are unchanged or what they were converted to, `name` is the path below `data.path`,
    and `sha256` a hex digest of the file's own bytes. Each of `columns` becomes a feature.
    """
    example = tf.train.Example()
    # In place: each message that is built from another one copies the image.
    features = example.features.feature
    for key, text in {
        feature_keys.IMAGE: contents,
        feature_keys.FORMAT: verdict.format.encode(),
        feature_keys.FILENAME: name.encode(),
        feature_keys.LABEL: label.encode(),
        feature_keys.SHA256: sha256.encode(),
    }.items():
        features[key].bytes_list.value.append(text)
    features[feature_keys.HEIGHT].int64_list.value.append(verdict.height)
    features[feature_keys.WIDTH].int64_list.value.append(verdict.width)
    for key, value in columns.items():
        if isinstance(value, str):
            features[key].bytes_list.value.append(value.encode("utf-8", "replace"))
        elif isinstance(value, int):
            features[key].int64_list.value.append(value)
        else:
            features[key].float_list.value.append(value)
    return example
