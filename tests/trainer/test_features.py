"""Features are computed once, and are never those of weights that have changed since."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.checkpoint import Checkpoint
from trainer.features import FeatureStore
from trainer.input import read_pictures
from trainer.network import Network
from trainer.settings import TrainerSettings
from trainer.stage_model import Pictures
from trainer.stage_settings import AugmentationSettings, OptimizerSettings, StageSettings
from trainer.stages import Training, train_stages


@pytest.fixture
def store(network: Network, pictures: Pictures) -> FeatureStore:
    return FeatureStore(network.body, pictures.parse, 2**30, pictures.cache_folder)


@pytest.fixture
def pictures_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each time that pictures are decoded for features."""
    noted: list[str] = []
    read = read_pictures

    def note(split: Any, *arguments: Any) -> tf.data.Dataset:
        noted.append(split.files[0].split("/")[-1])
        return read(split, *arguments)

    monkeypatch.setattr("trainer.features.read_pictures", note)
    return noted


def _boundary(network: Network, name: str) -> int:
    return [layer.name for layer in network.body.layers].index(name)


def test_features_are_what_the_network_computes(
    store: FeatureStore, network: Network, pictures: Pictures
) -> None:
    features = store.get("training", pictures.train, len(network.body.layers) - 1)
    batches = pictures.parse(_records(pictures))
    np.testing.assert_allclose(features, network.body(batches, training=False), rtol=1e-4)


def test_lower_features_that_are_read_later_serve_both(
    store: FeatureStore, network: Network, pictures: Pictures, pictures_read: list[str]
) -> None:
    lower, upper = _boundary(network, "relu_1"), len(network.body.layers) - 1
    both = store.get("training", pictures.train, upper, later=(lower,))
    below = store.get("training", pictures.train, lower)
    assert pictures_read == ["train.tfrecord"]
    assert below.shape == (40, 8, 8, 8)
    alone = FeatureStore(network.body, pictures.parse, 2**30, pictures.cache_folder)
    np.testing.assert_allclose(both, alone.get("training", pictures.train, upper), rtol=1e-5)


def test_forgotten_features_are_computed_anew(
    store: FeatureStore, network: Network, pictures: Pictures, pictures_read: list[str]
) -> None:
    boundary = _boundary(network, "relu_1")
    store.get("training", pictures.train, boundary)
    store.forget({("training", boundary)})
    store.get("training", pictures.train, boundary)
    assert len(pictures_read) == 1
    store.forget(set())
    store.get("training", pictures.train, boundary)
    assert len(pictures_read) == 2


def test_stages_share_one_pass_over_the_pictures(
    network: Network, pictures: Pictures, pictures_read: list[str]
) -> None:
    _train(network, pictures, ("all", False), ("conv_2", False), ("conv_1", False))
    assert pictures_read == ["train.tfrecord", "validation.tfrecord"]


def test_features_of_layers_that_were_trained_are_not_reused(
    network: Network, pictures: Pictures
) -> None:
    # The second stage changes what the third one reads the output of.
    results = _train(network, pictures, ("all", False), ("none", True), ("all", False))
    # What the third stage measured on features is what the whole network does with pictures.
    assert results[-1]["validation_accuracy"] == pytest.approx(_accuracy(network, pictures))


@pytest.mark.parametrize("plan", [("all", False), ("conv_2", False)])
def test_stored_features_train_as_running_the_backbone_each_epoch_does(
    make_network: Any, pictures: Pictures, plan: tuple[str, bool]
) -> None:
    trained = []
    # A contrast that changes nothing: too little to see, and yet the stage may store no features.
    for augmentation in (AugmentationSettings(), AugmentationSettings(contrast=1e-9)):
        network = make_network()
        network.head.get_layer(index=0).rate = 0.0
        stage = StageSettings(
            name="stage",
            freeze=plan[0],
            epochs=5,
            optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
            augmentation=augmentation,
        )
        # One batch an epoch: its order makes no difference.
        settings = TrainerSettings(batch_size=40, stages=(stage,))
        strategy = tf.distribute.get_strategy()
        train_stages(Training(network, pictures, settings, strategy, Checkpoint(None, "")))
        trained.append(network)
    for stored, each_epoch in zip(trained[0].weights, trained[1].weights, strict=True):
        np.testing.assert_allclose(stored.numpy(), each_epoch.numpy(), rtol=1e-4, atol=1e-5)


def _records(pictures: Pictures) -> tf.Tensor:
    return tf.stack(list(tf.data.TFRecordDataset(list(pictures.train.files))))


def _accuracy(network: Network, pictures: Pictures) -> float:
    records = tf.stack(list(tf.data.TFRecordDataset(list(pictures.validation.files))))
    found = network(pictures.parse(records)).numpy().argmax(axis=1)
    return float(np.mean(found == pictures.validation.label_ids))


def _train(network: Network, pictures: Pictures, *plan: tuple[str, bool]) -> list[dict[str, Any]]:
    stages = tuple(
        StageSettings(
            name=f"stage-{number}",
            freeze=freeze,
            epochs=1,
            optimizer=OptimizerSettings(learning_rate=0.01),
            augmentation=AugmentationSettings(horizontal_flip=is_augmented),
        )
        for number, (freeze, is_augmented) in enumerate(plan)
    )
    settings = TrainerSettings(batch_size=8, stages=stages)
    strategy = tf.distribute.get_strategy()
    return train_stages(Training(network, pictures, settings, strategy, Checkpoint(None, "")))
