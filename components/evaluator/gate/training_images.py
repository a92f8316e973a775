"""The images that a model was trained on: a file beside the SavedModel.

A test image that a model was trained on says nothing about the model. Within one run no image is in
two splits; but a baseline, or the model that a warm start took, was trained on splits of its own.
"""

import io
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from components import storage

_FILE = "TrainedOn/images.npy"
_HEX_DIGITS = 16

ImageIds = np.ndarray
"""`[images] uint64`, sorted and distinct: the first 8 bytes of each image's SHA-256."""


def image_id(digest: str) -> int:
    """The id of an image, given its SHA-256 in hex."""
    return int(digest[:_HEX_DIGITS], 16)


def image_ids(digests: Iterable[str]) -> ImageIds:
    """The ids of images; an empty digest is skipped."""
    return np.unique(np.asarray([image_id(one) for one in digests if one], np.uint64))


def write_training_images(ids: ImageIds, model_uri: str) -> None:
    """Writes them into the folder of a Model artifact."""
    buffer = io.BytesIO()
    np.save(buffer, ids, allow_pickle=False)
    path = storage.join(model_uri, _FILE)
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(buffer.getvalue())


def read_training_images(model_uri: str) -> ImageIds | None:
    """Reads them; None if the model is older than this file."""
    try:
        contents = storage.read_bytes(storage.join(model_uri, _FILE))
    except FileNotFoundError:
        return None
    return np.load(io.BytesIO(contents), allow_pickle=False)
