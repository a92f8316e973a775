"""The scores that the Trainer computed itself, for the exported model to be compared with."""

import io
from dataclasses import dataclass

import numpy as np

REFERENCE_FILE = "serving_reference.npz"
"""Its name in the Trainer's `model_run`."""
IMAGES = 64
"""Validation images in it, the first of the split."""
BATCH_SIZE = 32
"""Images per batch: rounding may depend on the batch, so the check uses the Trainer's batches."""
ALONE = 8
"""Number of images whose scores alone, in batches of 1, are in it as well."""


@dataclass(frozen=True)
class Reference:
    """Scores of validation images.

    Attributes:
        sha256: `[images]` text, hex digests of the images' bytes.
        scores: `[images, classes] float32`, computed in batches of `BATCH_SIZE`.
        scores_alone: `[at most ALONE, classes] float32`: of the first images, one at a time.
        classes: Class names in the order of the scores.
    """

    sha256: tuple[str, ...]
    scores: np.ndarray
    scores_alone: np.ndarray
    classes: tuple[str, ...]


def write_reference(reference: Reference, path: str) -> None:
    """Writes a reference as an `.npz` file, to any path that TensorFlow can write."""
    import tensorflow as tf

    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        sha256=np.asarray(reference.sha256, "U64"),
        scores=reference.scores,
        scores_alone=reference.scores_alone,
        classes=np.asarray(reference.classes, str),
    )
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(buffer.getvalue())


def read_reference(path: str) -> Reference | None:
    """Reads a reference; None if there is no such file."""
    import tensorflow as tf

    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        arrays = np.load(io.BytesIO(file.read()), allow_pickle=False)
    return Reference(
        tuple(arrays["sha256"].tolist()),
        arrays["scores"],
        arrays["scores_alone"],
        tuple(arrays["classes"].tolist()),
    )
