"""Examples come back as they were written, with labels in alphabetical order."""

from pathlib import Path

import numpy as np

from tests.trainer.conftest import LABELS, transform_layer, write_examples
from trainer.input import build_parser, open_split, read_pictures


def test_labels_and_counts(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 5, seed=1))], LABELS)
    assert len(split) == 5
    assert split.label_ids.tolist() == [0, 1, 0, 1, 0]
    assert split.class_counts == {"blue": 3, "red": 2}


def test_pictures_in_the_order_of_their_labels(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 10, seed=1))], LABELS)
    batches = list(read_pictures(split, build_parser(transform_layer), batch_size=4))
    assert [len(ids) for _, ids in batches] == [4, 4, 2]
    pictures = np.concatenate([pictures for pictures, _ in batches])
    ids = np.concatenate([ids for _, ids in batches])
    assert pictures.shape == (10, 32, 32, 3)
    # Red pictures are redder than blue, blue ones bluer than red.
    redness = (pictures[..., 0] - pictures[..., 2]).mean(axis=(1, 2))
    np.testing.assert_array_equal(redness > 0, ids == 1)


def test_shuffled_pictures_keep_their_labels(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 40, seed=1))], LABELS)
    batches = list(
        read_pictures(split, build_parser(transform_layer), batch_size=8, shuffle_seed=3)
    )
    ids = np.concatenate([ids for _, ids in batches])
    pictures = np.concatenate([pictures for pictures, _ in batches])
    assert ids.tolist() != split.label_ids.tolist()
    redness = (pictures[..., 0] - pictures[..., 2]).mean(axis=(1, 2))
    np.testing.assert_array_equal(redness > 0, ids == 1)


def test_dataset_knows_its_length(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 10, seed=1))], LABELS)
    assert len(read_pictures(split, build_parser(transform_layer), batch_size=4)) == 3
