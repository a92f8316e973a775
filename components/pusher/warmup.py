"""Warm-up requests: TensorFlow Serving runs them first, so that the first user does not wait."""

import os
import tempfile
from collections.abc import Iterator, Sequence

from components import storage
from components.feature_keys import IMAGE, LABEL
from components.pusher.saved_model import ModelFacts
from components.records import list_record_files, open_records
from components.signatures import SERVING_DEFAULT

WARMUP_FILE = "tf_serving_warmup_requests"
"""Name in `assets.extra` under which TensorFlow Serving looks for them."""
IMAGES = 4
"""Images in the requests; a few are enough to run every part of the graph once."""

_MAX_IMAGE_BYTES = 1 << 20


def build_warmup(images: Sequence[bytes], facts: ModelFacts, model_name: str) -> bytes | None:
    """Builds the requests: each image alone, then all of them in one batch.

    Args:
        images: Files that the model can decode. TensorFlow Serving refuses to load a version
            whose warm-up fails.
        facts: The model's signatures.
        model_name: Name of the model in service.

    Returns:
        A TFRecord file of `PredictionLog`s, or None if there are no images or the model's
        `serving_default` does not take one batch of bytes.
    """
    name = _bytes_input(facts)
    if name is None or not images:
        return None
    import tensorflow as tf

    batches = [[image] for image in images]
    batches += [list(images)] if len(images) > 1 else []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, WARMUP_FILE)
        with tf.io.TFRecordWriter(path) as writer:
            for batch in batches:
                writer.write(_request(batch, name, model_name))
        return storage.read_bytes(path)


def sample_images(examples_uri: str, split: str, count: int = IMAGES) -> list[bytes]:
    """Samples images from a split, of as many classes as possible.

    The same ones each time; images of more than 1 MB are skipped.
    """
    of_new_classes: list[bytes] = []
    others: list[bytes] = []
    seen: set[bytes] = set()
    for image, label in _images(examples_uri, split):
        (others if label in seen else of_new_classes).append(image)
        seen.add(label)
        del others[count:]
        if len(of_new_classes) == count:
            break
    return [*of_new_classes, *others][:count]


def _images(examples_uri: str, split: str) -> Iterator[tuple[bytes, bytes]]:
    import tensorflow as tf

    files = list_record_files(storage.join(examples_uri, f"Split-{split}"))
    for record in open_records(files).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        encoded, label = feature[IMAGE].bytes_list.value, feature[LABEL].bytes_list.value
        if len(encoded) == 1 and len(encoded[0]) <= _MAX_IMAGE_BYTES:
            yield encoded[0], b"".join(label)


def _bytes_input(facts: ModelFacts) -> str | None:
    inputs = facts.signatures.get(SERVING_DEFAULT, {}).get("inputs", {})
    if len(inputs) != 1:
        return None
    [(name, tensor)] = inputs.items()
    return name if tensor == {"dtype": "string", "shape": [None]} else None


def _request(images: Sequence[bytes], input_name: str, model_name: str) -> bytes:
    import tensorflow as tf
    from tensorflow_serving.apis import (  # type: ignore[import-untyped]
        predict_pb2,
        prediction_log_pb2,
    )

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = SERVING_DEFAULT
    request.inputs[input_name].CopyFrom(
        tf.make_tensor_proto(list(images), tf.string, [len(images)])
    )
    log = prediction_log_pb2.PredictLog(request=request)
    return bytes(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
