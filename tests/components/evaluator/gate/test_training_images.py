"""The images that a model was trained on, written beside it and read again."""

import hashlib
from pathlib import Path

import numpy as np

from components.evaluator.gate.training_images import (
    image_id,
    image_ids,
    read_training_images,
    write_training_images,
)

DIGESTS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(100)]


def test_ids_are_read_as_they_were_written(tmp_path: Path) -> None:
    ids = image_ids([*DIGESTS, DIGESTS[0], ""])
    assert len(ids) == 100 and ids.dtype == np.uint64
    write_training_images(ids, str(tmp_path / "model"))
    read = read_training_images(str(tmp_path / "model"))
    assert read is not None
    np.testing.assert_array_equal(read, ids)
    assert image_id(DIGESTS[7]) in set(read.tolist())


def test_an_older_model_says_nothing(tmp_path: Path) -> None:
    assert read_training_images(str(tmp_path)) is None


def test_no_images_are_no_ids() -> None:
    assert image_ids([]).dtype == np.uint64 and len(image_ids([])) == 0
