"""Features are computed once, and are never those of weights that have changed since."""

import weakref
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.data import features
from trainer.data.augmentation import AugmentationSettings, build_augmentation
from trainer.data.features import FeatureStore, is_worth_storing
from trainer.data.input import read_images
from trainer.network.network import Network
from trainer.stages.build import Images
from trainer.stages.checkpoint import Checkpoint
from trainer.stages.settings import (
    OptimizerSettings,
    StageSettings,
    TrainerSettings,
)
from trainer.stages.train import Training, train_stages


@pytest.fixture
def store(network: Network, images: Images) -> FeatureStore:
    return build_store(network, images)


def build_store(
    network: Network, images: Images, cache_bytes: int = 2**30, batch_size: int = 64
) -> FeatureStore:
    folder = images.cache_folder
    return FeatureStore(network.body, images.parse, cache_bytes, folder, batch_size)


@pytest.fixture
def images_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records each time that images are decoded for features."""
    recorded: list[str] = []
    read = read_images

    def record(split: Any, *arguments: Any) -> tf.data.Dataset:
        recorded.append(split.files[0].split("/")[-1])
        return read(split, *arguments)

    monkeypatch.setattr("trainer.data.features.read_images", record)
    return recorded


def _layer_index(network: Network, name: str) -> int:
    return [layer.name for layer in network.body.layers].index(name)


def test_features_are_what_the_network_computes(
    store: FeatureStore, network: Network, images: Images
) -> None:
    stored = store.get("training", images.train, len(network.body.layers) - 1)
    inputs = images.parse(_records(images))
    np.testing.assert_allclose(stored, network.body(inputs, training=False), rtol=1e-4)


def test_lower_features_that_are_read_later_are_computed_in_the_same_pass(
    store: FeatureStore, network: Network, images: Images, images_read: list[str]
) -> None:
    lower, upper = _layer_index(network, "relu_1"), len(network.body.layers) - 1
    both = store.get("training", images.train, upper, later=(lower,))
    below = store.get("training", images.train, lower)
    assert images_read == ["train.tfrecord"]
    assert below.shape == (40, 8, 8, 8)
    alone = build_store(network, images)
    np.testing.assert_allclose(both, alone.get("training", images.train, upper), rtol=1e-5)


def test_memory_stays_within_the_limit(network: Network, images: Images) -> None:
    # The training features take 40 x 16 x 4 bytes, those of the validation split half as many.
    store = build_store(network, images, cache_bytes=3000)
    layer = len(network.body.layers) - 1
    train = store.get("training", images.train, layer)
    validation = store.get("validation", images.validation, layer)
    assert not isinstance(train, np.memmap)
    assert isinstance(validation, np.memmap)
    store.forget({("validation", layer)})
    assert not isinstance(store.get("training", images.train, layer), np.memmap)


def test_the_frozen_part_is_traced_once(images: Images) -> None:
    traced: list[tuple[int | None, ...]] = []

    class Recording(keras.Layer):
        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            traced.append(tuple(inputs.shape))
            return inputs

    inputs = keras.Input((32, 32, 3))
    body = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(Recording()(inputs)))
    store = build_store(Network(body, body, "tf"), images, batch_size=16)
    store.get("training", images.train, 1)
    traced.clear()
    store.forget(set())
    for title, split in (("training", images.train), ("validation", images.validation)):
        store.get(title, split, 1)
    assert traced == []


def test_features_of_a_stage_are_freed_before_the_next_are_computed(
    network: Network, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []
    allocate = features._allocate

    def record(*arguments: Any) -> np.ndarray:
        alive.append(sum(array() is not None for array in arrays))
        arrays.append(weakref.ref(new := allocate(*arguments)))
        return new

    monkeypatch.setattr(features, "_allocate", record)
    _train(network, images, ("conv_2", False), ("conv_1", True), ("all", False))
    # For the first stage: training; validation twice, as the second reads it further down. For the
    # third: both splits again.
    assert alive == [0, 1, 2, 0, 1]
    assert [array() for array in arrays] == [None] * 5


def test_augmented_stages_keep_no_features_to_train_on(
    network: Network, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[set[tuple[str, int]]] = []
    forget = FeatureStore.forget

    def record(store: FeatureStore, keep: set[tuple[str, int]]) -> None:
        kept.append(keep)
        forget(store, keep)

    monkeypatch.setattr(FeatureStore, "forget", record)
    _train(network, images, ("all", False), ("all", True))
    layer = len(network.body.layers) - 1
    assert kept == [
        {("training", layer), ("validation", layer)},
        {("validation", layer)},
    ]


def test_stages_draw_their_own_orders_and_changes(
    network: Network, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[tuple[bytes, ...]] = []
    seeds: list[int] = []

    def record_order(*arguments: Any) -> tf.data.Dataset:
        examples = read_images(*arguments)
        if arguments[3] is not None:
            orders.append(tuple(ids.numpy().tobytes() for _, ids in examples))
        return examples

    def record_seed(*arguments: Any) -> list[keras.Layer]:
        seeds.append(arguments[2])
        return build_augmentation(*arguments)

    monkeypatch.setattr("trainer.data.batches.read_images", record_order)
    monkeypatch.setattr("trainer.stages.build.build_augmentation", record_seed)
    _train(network, images, ("all", True), ("conv_2", True), ("none", True))
    assert len(orders) == len(set(orders)) == 3
    assert len(seeds) == len(set(seeds)) == 3


def test_forgotten_features_are_computed_again(
    store: FeatureStore, network: Network, images: Images, images_read: list[str]
) -> None:
    layer = _layer_index(network, "relu_1")
    store.get("training", images.train, layer)
    store.forget({("training", layer)})
    store.get("training", images.train, layer)
    assert len(images_read) == 1
    store.forget(set())
    store.get("training", images.train, layer)
    assert len(images_read) == 2


def test_stages_share_one_pass_over_the_images(
    network: Network, images: Images, images_read: list[str]
) -> None:
    _train(network, images, ("all", False), ("conv_2", False), ("conv_1", False))
    assert images_read == ["train.tfrecord", "validation.tfrecord"]


def test_features_of_layers_that_were_trained_are_not_reused(
    network: Network, images: Images
) -> None:
    # The second stage changes what the third one reads the output of.
    results = _train(network, images, ("all", False), ("none", True), ("all", False))
    # What the third stage measured on features is what the whole network does with images.
    assert results[-1]["validation_accuracy"] == pytest.approx(_accuracy(network, images))


@pytest.mark.parametrize("plan", [("all", False), ("conv_2", False)])
def test_stored_features_train_as_running_the_backbone_each_epoch_does(
    make_network: Any, images: Images, plan: tuple[str, bool]
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
        train_stages(Training(network, images, settings, strategy, Checkpoint(None, "")))
        trained.append(network)
    for stored, each_epoch in zip(trained[0].weights, trained[1].weights, strict=True):
        np.testing.assert_allclose(stored.numpy(), each_epoch.numpy(), rtol=1e-4, atol=1e-5)


def _records(images: Images) -> tf.Tensor:
    return tf.stack(list(tf.data.TFRecordDataset(list(images.train.files))))


def _accuracy(network: Network, images: Images) -> float:
    records = tf.stack(list(tf.data.TFRecordDataset(list(images.validation.files))))
    predicted = network(images.parse(records)).numpy().argmax(axis=1)
    return float(np.mean(predicted == images.validation.label_ids))


def _train(network: Network, images: Images, *plan: tuple[str, bool]) -> list[dict[str, Any]]:
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
    return train_stages(Training(network, images, settings, strategy, Checkpoint(None, "")))


def build(*convolutions: tuple[int, int]) -> keras.Model:
    """Convolutions of 3 x 3 over 64 pixels, each of so many channels and so large a stride."""
    outputs = inputs = keras.Input((64, 64, 3))
    for channels, stride in convolutions:
        outputs = keras.layers.Conv2D(channels, 3, stride, "same")(outputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    ("convolutions", "is_stored"),
    [
        # Four times the image's numbers, each of 27 multiplications.
        ([(12, 1)], False),
        # As few multiplications, but 11 numbers where the image has 12.
        ([(11, 2)], True),
        ([(12, 2)], False),
        # Each of 27 x 128 / 12 + 9 x 128 multiplications.
        ([(128, 1), (12, 1)], True),
    ],
    ids=["large", "smaller", "equal", "expensive"],
)
def test_large_features_are_stored_where_they_are_expensive(
    convolutions: list[tuple[int, int]], is_stored: bool
) -> None:
    assert is_worth_storing(build(*convolutions), len(convolutions)) == is_stored


def test_layers_above_do_not_count() -> None:
    network = build((12, 1), (512, 1), (512, 1))
    assert [is_worth_storing(network, layer) for layer in (1, 2, 3)] == [False, False, True]
