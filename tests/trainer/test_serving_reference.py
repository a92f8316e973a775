"""The scores that the Trainer writes for the exported model to be compared with."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.feature_keys import IMAGE
from components.serving_check.reference import REFERENCE_FILE, Reference, read_reference
from tests.trainer.conftest import LABELS, transform_layer, write_examples
from trainer.data.input import build_parser, open_split
from trainer.export import export_network
from trainer.network.network import Network
from trainer.serving_reference import write_serving_reference


class TransformLayer(tf.Module):
    def __call__(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return transform_layer(features)


def _contents(path: Path) -> list[bytes]:
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    examples = map(tf.train.Example.FromString, records)
    return [example.features.feature[IMAGE].bytes_list.value[0] for example in examples]


def _write(network: Network, examples: Path, folder: Path) -> Reference:
    split = open_split([str(examples)], LABELS)
    path = str(folder / REFERENCE_FILE)
    write_serving_reference(network, split, build_parser(transform_layer), path)
    reference = read_reference(path)
    assert reference is not None
    return reference


def test_the_scores_are_those_of_the_exported_model(network: Network, tmp_path: Path) -> None:
    network = replace(network, temperature=0.7)
    examples = write_examples(tmp_path / "validation.tfrecord", 70, seed=4)
    reference = _write(network, examples, tmp_path)
    contents = _contents(examples)[:64]
    assert reference.sha256 == tuple(hashlib.sha256(one).hexdigest() for one in contents)
    assert reference.classes == LABELS
    assert reference.scores.dtype == np.float32

    export_network(network, TransformLayer(), LABELS, str(tmp_path / "model"))
    serve = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    for start in (0, 32):
        batch = tf.constant(contents[start : start + 32])
        expected = reference.scores[start : start + 32]
        np.testing.assert_allclose(serve(image_bytes=batch)["scores"], expected, atol=1e-6, rtol=0)
    for image, expected in zip(contents, reference.scores_alone, strict=False):
        alone = serve(image_bytes=tf.constant([image]))["scores"][0]
        np.testing.assert_allclose(alone, expected, atol=1e-6, rtol=0)


def test_a_small_split_is_taken_whole(network: Network, tmp_path: Path) -> None:
    reference = _write(network, write_examples(tmp_path / "few", 3, seed=5), tmp_path)
    assert reference.scores.shape == reference.scores_alone.shape == (3, 2)
    assert len(reference.sha256) == 3


def test_a_missing_reference_is_none(tmp_path: Path) -> None:
    assert read_reference(str(tmp_path / REFERENCE_FILE)) is None
