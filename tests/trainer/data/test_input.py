"""Examples come back as they were written, with labels in alphabetical order."""

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.conftest import LABELS, transform_layer, write_examples
from trainer.data.input import (
    Split,
    build_parser,
    choose_inference_batch_size,
    open_split,
    read_images,
)


def test_labels_and_counts(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 5, seed=1))], LABELS)
    assert len(split) == 5
    assert split.label_ids.tolist() == [0, 1, 0, 1, 0]
    assert split.class_counts == {"blue": 3, "red": 2}


def test_images_in_the_order_of_their_labels(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 10, seed=1))], LABELS)
    batches = list(read_images(split, build_parser(transform_layer), batch_size=4))
    assert [len(ids) for _, ids in batches] == [4, 4, 2]
    images = np.concatenate([images for images, _ in batches])
    ids = np.concatenate([ids for _, ids in batches])
    assert images.shape == (10, 32, 32, 3)
    # Red images are redder than blue, blue ones bluer than red.
    redness = (images[..., 0] - images[..., 2]).mean(axis=(1, 2))
    np.testing.assert_array_equal(redness > 0, ids == 1)


def test_shuffled_images_keep_their_labels(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 40, seed=1))], LABELS)
    batches = list(read_images(split, build_parser(transform_layer), batch_size=8, shuffle_seed=3))
    ids = np.concatenate([ids for _, ids in batches])
    images = np.concatenate([images for images, _ in batches])
    assert ids.tolist() != split.label_ids.tolist()
    redness = (images[..., 0] - images[..., 2]).mean(axis=(1, 2))
    np.testing.assert_array_equal(redness > 0, ids == 1)


@pytest.mark.parametrize(
    ("count", "kilobytes", "buffered"),
    [(300, 20, 300), (30_000, 20, 10_000), (30_000, 2048, 256), (3, 1_000_000, 1)],
    ids=["all", "small", "large", "huge"],
)
def test_the_shuffle_buffer_is_512_mb_at_most(
    tmp_path: Path, count: int, kilobytes: int, buffered: int
) -> None:
    with (tmp_path / "records").open("wb") as file:
        # A sparse file of that size.
        file.truncate(count * kilobytes * 1024)
    split = Split((str(tmp_path / "records"),), np.zeros(count, np.int64), ("a",))
    assert split.shuffle_buffer == buffered


@pytest.mark.parametrize(
    ("image_size", "batch_size", "expected"),
    [(160, 32, 64), (224, 32, 64), (32, 32, 64), (600, 32, 8), (224, 2, 8), (4096, 1, 1)],
)
def test_inference_takes_fewer_large_images_at_a_time(
    image_size: int, batch_size: int, expected: int
) -> None:
    assert choose_inference_batch_size(image_size, batch_size) == expected


def test_dataset_knows_its_length(tmp_path: Path) -> None:
    split = open_split([str(write_examples(tmp_path / "a.tfrecord", 10, seed=1))], LABELS)
    assert len(read_images(split, build_parser(transform_layer), batch_size=4)) == 3
