"""The Trainer looks at the labels of all splits; its model does not depend on the test split."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.example_gen.suspect_labels import parse_suspects
from components.feature_keys import FILENAME, IMAGE, LABEL, SHA256
from tests.trainer.conftest import LABELS, write_examples
from trainer.data.augmentation import AugmentationSettings
from trainer.data.input import Split, open_split
from trainer.network.network import Network
from trainer.stages.build import Images, StageBuilder
from trainer.stages.checkpoint import Checkpoint
from trainer.stages.settings import StageSettings, TrainerSettings
from trainer.stages.train import Training, train_stages
from trainer.suspect_labels import check_labels

HEAD = TrainerSettings(stages=(StageSettings(name="head", epochs=1),))


def _write_test_split(folder: Path, wrong: tuple[int, ...] = ()) -> Split:
    """20 test images, with names; those of these numbers have the other label."""
    plain = write_examples(folder / "plain.tfrecord", 20, seed=3)
    path = folder / "test.tfrecord"
    records = tf.data.TFRecordDataset(str(plain)).as_numpy_iterator()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, record in enumerate(records):
            example = tf.train.Example.FromString(record)
            feature = example.features.feature
            feature[FILENAME].bytes_list.value.append(f"{number}.png".encode())
            feature[SHA256].bytes_list.value.append(f"{number:064}".encode())
            if number in wrong:
                feature[LABEL].bytes_list.value[0] = LABELS[1 - number % 2].encode()
            assert feature[IMAGE].bytes_list.value
            writer.write(example.SerializeToString())
    return open_split([str(path)], LABELS)


def _splits(images: Images, test: Split) -> dict[str, Split]:
    return {"train": images.train, "validation": images.validation, "test": test}


def test_wrong_labels_of_the_test_split_are_found_and_named(
    network: Network, images: Images, tmp_path: Path
) -> None:
    test = _write_test_split(tmp_path, wrong=(4, 7))
    result = check_labels(StageBuilder(network, images, HEAD), _splits(images, test), str(tmp_path))
    assert result.suspects == 2 and not result.note
    suspects = parse_suspects((tmp_path / "suspect_labels.csv").read_text())
    assert {(s.path, s.sha256, s.split, s.label, s.suggested_label) for s in suspects} == {
        ("4.png", f"{4:064}", "test", "red", "blue"),
        ("7.png", f"{7:064}", "test", "blue", "red"),
    }
    assert all(suspect.score < 0.5 for suspect in suspects)


def test_the_model_is_the_same_whatever_the_test_split_says(
    make_network: Callable[[], Network], images: Images, tmp_path: Path
) -> None:
    def train(looks: bool) -> tuple[object, list[np.ndarray]]:
        network = make_network()
        builder = StageBuilder(network, images, HEAD)
        if looks:
            test = _write_test_split(tmp_path, wrong=tuple(range(20)))
            check_labels(builder, _splits(images, test), str(tmp_path))
        strategy = tf.distribute.get_strategy()
        training = Training(network, images, HEAD, strategy, Checkpoint(None, ""))
        [result] = train_stages(training, builder=builder)
        return result["history"], [weight.numpy() for weight in network.head.weights]

    (history, weights), (with_test, weights_with_test) = train(False), train(True)
    assert with_test == history
    for one, other in zip(weights, weights_with_test, strict=True):
        np.testing.assert_array_equal(one, other)


def test_features_are_those_that_the_stage_reads(
    network: Network, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = StageBuilder(network, images, HEAD)
    check_labels(builder, _splits(images, _write_test_split(tmp_path)), str(tmp_path))
    monkeypatch.setattr("trainer.data.features.read_images", None)
    builder.freeze(0)
    builder.build(0)


def test_many_images_are_sampled_and_the_note_says_so(
    network: Network, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.suspect_labels.MOST_IMAGES", 40)
    test = _write_test_split(tmp_path, wrong=(4, 17))
    result = check_labels(StageBuilder(network, images, HEAD), _splits(images, test), str(tmp_path))
    assert result.note == "Wrong labels were looked for in a sample: 40 of 80 images."
    suspects = parse_suspects((tmp_path / "suspect_labels.csv").read_text())
    assert [suspect.path for suspect in suspects] == ["4.png"], "17 is past the sample"


def test_a_tiny_split_beside_a_large_one_is_sampled_too(
    network: Network, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.suspect_labels.MOST_IMAGES", 30)
    test = open_split([str(write_examples(tmp_path / "tiny.tfrecord", 1, seed=9))], LABELS)
    result = check_labels(StageBuilder(network, images, HEAD), _splits(images, test), str(tmp_path))
    assert result.suspects is not None


def test_without_stored_features_it_says_why(
    network: Network, images: Images, tmp_path: Path
) -> None:
    flip = AugmentationSettings(horizontal_flip=True)
    for stage, why in (
        (StageSettings(name="head", augmentation=flip),
         "stage head changes its images at random (augmentation)."),
        (StageSettings(name="all", freeze="none"),
         "stage all stores no features of a frozen part."),
    ):  # fmt: skip
        builder = StageBuilder(network, images, TrainerSettings(stages=(stage,)))
        result = check_labels(builder, _splits(images, images.train), str(tmp_path))
        assert result.suspects is None
        assert result.note == f"Wrong labels were not looked for: {why}"
    assert not (tmp_path / "suspect_labels.csv").exists()


def test_images_of_an_older_release_have_no_names(
    network: Network, images: Images, tmp_path: Path
) -> None:
    wrong = images.validation.label_ids.copy()
    wrong[3] = 1 - wrong[3]
    relabelled = replace(images, validation=replace(images.validation, label_ids=wrong))
    test = _write_test_split(tmp_path)
    builder = StageBuilder(network, relabelled, HEAD)
    check_labels(builder, _splits(relabelled, test), str(tmp_path))
    [suspect] = parse_suspects((tmp_path / "suspect_labels.csv").read_text())
    assert (suspect.path, suspect.split) == ("", "validation")
