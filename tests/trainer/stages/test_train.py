"""A stage trains what it says, keeps the rest, and never makes the model worse."""

import errno
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UserError
from trainer.data.augmentation import AugmentationSettings
from trainer.network.network import Network
from trainer.stages.build import Images
from trainer.stages.checkpoint import Checkpoint
from trainer.stages.settings import (
    EarlyStoppingSettings,
    OptimizerSettings,
    StageSettings,
    TrainerSettings,
)
from trainer.stages.state import StageState
from trainer.stages.train import StageResult, Training, train_stages

HEAD = StageSettings(name="head", epochs=15, optimizer=OptimizerSettings(learning_rate=0.02))
FINE_TUNE = StageSettings(
    name="fine-tune",
    freeze="conv_2",
    epochs=2,
    optimizer=OptimizerSettings(learning_rate=1e-3),
)
EXPLODE = StageSettings(
    name="explode",
    freeze="none",
    # Past what the configuration allows.
    optimizer=OptimizerSettings.model_construct(name="sgd", learning_rate=1e30),
)
SETTINGS = TrainerSettings(batch_size=8)


def train_stage(
    stage: StageSettings,
    network: Network,
    images: Images,
    settings: TrainerSettings = SETTINGS,
) -> StageResult:
    settings = settings.model_copy(update={"stages": (stage,)})
    strategy = tf.distribute.get_strategy()
    [result] = train_stages(Training(network, images, settings, strategy, Checkpoint(None, "")))
    return result


def _weights(network: Network) -> dict[str, np.ndarray]:
    return {v.path: v.numpy().copy() for v in network.body.variables}


def test_head_learns_on_frozen_features(network: Network, images: Images) -> None:
    before = _weights(network)
    result = train_stage(HEAD, network, images, SETTINGS)
    assert result["validation_accuracy"] == 1.0
    assert result["trainable_parameters"] == 16 * 2 + 2
    for path, value in _weights(network).items():
        np.testing.assert_array_equal(value, before[path])


@pytest.mark.parametrize(
    "augmentation",
    [AugmentationSettings(), AugmentationSettings(horizontal_flip=True, rotation=0.1)],
    ids=["cached", "augmented"],
)
def test_fine_tuning_changes_only_what_it_unfreezes(
    network: Network, images: Images, augmentation: AugmentationSettings
) -> None:
    before = _weights(network)
    stage = FINE_TUNE.model_copy(update={"augmentation": augmentation})
    result = train_stage(stage, network, images, SETTINGS)
    changed = {path for path, value in _weights(network).items() if (value != before[path]).any()}
    assert result["epochs"] == 2
    assert {path.split("/")[0] for path in changed} == {"conv_2", "bn_2"}
    # BatchNorm keeps its pretrained statistics, bit for bit.
    assert not [path for path in changed if "moving" in path]


def test_fine_tuning_trains_the_unfrozen_layers(network: Network, images: Images) -> None:
    train_stage(HEAD, network, images, SETTINGS)
    before = _weights(network)
    stage = FINE_TUNE.model_copy(update={"epochs": 1})
    # A perfect head leaves nothing to gain in accuracy; the lower loss still counts as better.
    result = train_stage(stage, network, images, SETTINGS)
    assert result["best_epoch"] == 1
    assert (_weights(network)["conv_2/kernel"] != before["conv_2/kernel"]).any()


def test_stage_that_only_harms_leaves_the_model_unchanged(network: Network, images: Images) -> None:
    train_stage(HEAD, network, images, SETTINGS)
    before = _weights(network)
    # It leaves a tenth of the weights in each step.
    ruin = FINE_TUNE.model_copy(
        update={"optimizer": OptimizerSettings(name="sgd", learning_rate=1, weight_decay=0.9)}
    )
    result = train_stage(ruin, network, images, SETTINGS)
    assert (result["epochs"], result["best_epoch"]) == (2, 0)
    assert result["validation_accuracy"] == 1.0
    for path, value in _weights(network).items():
        np.testing.assert_array_equal(value, before[path])


def test_a_loss_that_is_not_finite_leaves_the_model_unchanged(
    network: Network, images: Images, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SETTINGS.model_copy(update={"stages": (HEAD, EXPLODE, FINE_TUNE)})
    strategy = tf.distribute.get_strategy()
    with caplog.at_level("INFO", "image_pipeline.progress"):
        head, explode, after = train_stages(
            Training(network, images, settings, strategy, Checkpoint(None, ""))
        )
    assert head["validation_accuracy"] == explode["validation_accuracy"] == 1.0
    assert (explode["epochs"], explode["best_epoch"], explode["history"]) == (0, 0, {})
    assert explode["notes"] == [
        "stage explode: after epoch 0 loss or weights are no longer finite; the weights from "
        "before the stage are kept. Lower its learning rate"
    ]
    assert f"Trainer: {explode['notes'][0]}" in caplog.messages
    assert head["notes"] == after["notes"] == []
    assert after["best_epoch"] > 0


def test_a_first_loss_that_is_not_finite_is_an_error(network: Network, images: Images) -> None:
    message = r"stage explode: after epoch 0 loss or weights are no longer finite, and no epoch"
    with pytest.raises(UserError, match=message) as error:
        train_stage(EXPLODE, network, images)
    assert "optimizer.learning_rate: 1e+30" in str(error.value.hint)


def test_weights_whose_loss_is_not_finite_are_never_the_best() -> None:
    state = StageState()
    variable = keras.Variable(1.0)
    state.update_best(0.5, 0.7, [variable])
    state.add_epoch({"val_loss": math.nan})
    state.update_best(0.9, math.nan, [variable])
    assert (state.best_epoch, state.best_accuracy) == (0, 0.5)


def test_early_stopping_ends_a_stage_without_progress(network: Network, images: Images) -> None:
    stage = HEAD.model_copy(
        update={
            "epochs": 50,
            "optimizer": OptimizerSettings(learning_rate=1e-9),
            "early_stopping": EarlyStoppingSettings(patience=2, min_delta=0.01),
        }
    )
    assert train_stage(stage, network, images, SETTINGS)["epochs"] == 3


def test_features_on_disk_train_the_same_head(
    make_network: Callable[[], Network], images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocated: list[tuple[int, ...]] = []

    class RecordingMap(np.memmap):
        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            allocated.append(options["shape"])
            return super().__new__(cls, *arguments, **options)

    monkeypatch.setattr(np, "memmap", RecordingMap)
    tfrecords = list(images.cache_folder.glob("*"))
    heads = []
    for cache_bytes in (2**30, 0):
        # Another network with the same weights, since dropout's state has advanced.
        network = make_network()
        settings = SETTINGS.model_copy(update={"cache_bytes": cache_bytes})
        train_stage(HEAD, network, images, settings)
        heads.append(network.head.get_weights())
    assert allocated == [(40, 16), (20, 16)]
    assert list(images.cache_folder.glob("*")) == tfrecords  # the file is deleted with the features
    for in_memory, on_disk in zip(*heads, strict=True):
        np.testing.assert_array_equal(on_disk, in_memory)


def test_history_has_one_number_per_epoch(network: Network, images: Images) -> None:
    history = train_stage(FINE_TUNE, network, images, SETTINGS)["history"]
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert all(len(values) == 2 for values in history.values())


def test_images_are_not_stored_where_nothing_is_frozen(
    network: Network, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("features were computed")

    monkeypatch.setattr("trainer.data.features.FeatureStore.get", refuse)
    stage = FINE_TUNE.model_copy(update={"freeze": "none"})
    assert train_stage(stage, network, images, SETTINGS)["epochs"] == 2


def test_features_that_are_large_and_quick_to_compute_are_not_stored(
    network: Network,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("features were computed")

    monkeypatch.setattr("trainer.data.features.FeatureStore.get", refuse)
    inputs = network.body.inputs[0]
    wide = keras.layers.Conv2D(4, 3, padding="same", name="wide")(inputs)
    upper = keras.layers.Conv2D(16, 3, 4, name="upper")(wide)
    body = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(upper))
    network = Network(body, network.head, "tf")
    before = _weights(network)
    with caplog.at_level("INFO", "image_pipeline.progress"):
        train_stage(FINE_TUNE.model_copy(update={"freeze": "upper"}), network, images)
    changed = {path for path, value in _weights(network).items() if (value != before[path]).any()}
    assert changed == {"upper/kernel", "upper/bias"}
    assert (
        "Trainer: fine-tune: the output of wide is larger than the images and quick to compute: it "
        "is computed in each step, not stored"
    ) in caplog.messages


def test_a_disk_too_small_for_features_is_an_error(
    network: Network, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", fail)
    with pytest.raises(UserError, match=r"features of this stage need .* No space left"):
        train_stage(HEAD, network, images, SETTINGS.model_copy(update={"cache_bytes": 0}))
