"""Warm-up requests: TensorFlow Serving runs them first, so that the first user does not wait.

Their images are drawn, in the formats and sizes of the test images: a photo of the data, with the
place where it was taken, would travel with the model wherever that goes.
"""

import io
import os
import tempfile
from collections.abc import Iterator, Sequence

from PIL import Image

from components import storage
from components.feature_keys import FORMAT, HEIGHT, WIDTH
from components.pusher.saved_model import ModelFacts
from components.records import list_record_files, open_records
from components.signatures import SERVING_DEFAULT

WARMUP_FILE = "tf_serving_warmup_requests"
"""Name in `assets.extra` under which TensorFlow Serving looks for them."""
IMAGES = 4
"""Images in the requests; a few are enough to run every part of the graph once."""

_LOOKED_AT = 1000
_MAX_PIXELS = 16_000_000


def build_warmup(images: Sequence[bytes], facts: ModelFacts, model_name: str) -> bytes | None:
    """Builds the requests: each image alone, then all of them in one batch.

    Args:
        images: Files that the model can decode. TensorFlow Serving refuses to load a version
            whose warm-up fails.
        facts: The model's signatures.
        model_name: Name under which the model is served.

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


def draw_images(examples_uri: str, split: str, count: int = IMAGES) -> list[bytes]:
    """Draws images like those of a split: gradients, of as many formats as possible.

    The same ones each time, by what the first 1,000 examples say of their format and size.
    """
    kinds = dict.fromkeys(_kinds(examples_uri, split))
    seen: set[str] = set()
    of_new_formats: list[tuple[str, int, int]] = []
    others: list[tuple[str, int, int]] = []
    for kind in kinds:
        (others if kind[0] in seen else of_new_formats).append(kind)
        seen.add(kind[0])
    return [_draw(*kind) for kind in [*of_new_formats, *others][:count]]


def _kinds(examples_uri: str, split: str) -> Iterator[tuple[str, int, int]]:
    """Format, height and width of examples that say them."""
    import tensorflow as tf

    files = list_record_files(storage.join(examples_uri, f"Split-{split}"))
    for record in open_records(files).take(_LOOKED_AT).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        formats = feature[FORMAT].bytes_list.value
        sizes = [*feature[HEIGHT].int64_list.value, *feature[WIDTH].int64_list.value]
        if len(formats) == 1 and len(sizes) == 2 and 0 < sizes[0] * sizes[1] <= _MAX_PIXELS:
            yield formats[0].decode(), sizes[0], sizes[1]


def _draw(file_format: str, height: int, width: int) -> bytes:
    file = io.BytesIO()
    gradient = Image.linear_gradient("L").resize((width, height))
    gradient.convert("RGB").save(file, file_format)
    return file.getvalue()


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
