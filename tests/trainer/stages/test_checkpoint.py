"""A training that was interrupted ends as if it had not been."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.errors import UserError
from tests.trainer.conftest import build_small_network, small_images
from trainer.data.augmentation import AugmentationSettings
from trainer.network.network import Network
from trainer.stages.build import Images
from trainer.stages.checkpoint import Arrays, Checkpoint, SavedState
from trainer.stages.settings import (
    OptimizerSettings,
    StageSettings,
    TrainerSettings,
)
from trainer.stages.state import StageState
from trainer.stages.train import StageResult, Training, train_stages

SETTINGS = TrainerSettings(
    batch_size=8,
    stages=(
        StageSettings(name="head", epochs=2),
        StageSettings(
            name="augmented",
            freeze="conv_2",
            epochs=3,
            optimizer=OptimizerSettings(learning_rate=3e-3, schedule="cosine", warmup_epochs=1),
            augmentation=AugmentationSettings(horizontal_flip=True, rotation=0.1, mixup=0.2),
        ),
        StageSettings(
            name="stored", freeze="conv_1", epochs=2, optimizer=OptimizerSettings(name="sgd")
        ),
    ),
)


class Killed(Exception):
    """Simulates the end of the process."""


def _train(
    network: Network, images: Images, folder: Path | None, epochs: int | None = None
) -> list[StageResult]:
    """Trains, but for no more epochs than given."""
    seen: list[Any] = []

    def count(*epoch: Any) -> None:
        seen.append(epoch)
        if len(seen) == epochs:
            raise Killed

    checkpoint = Checkpoint(str(folder) if folder else None, "training")
    strategy = tf.distribute.get_strategy()
    return train_stages(Training(network, images, SETTINGS, strategy, checkpoint), count)


def _without_seconds(results: list[StageResult]) -> list[StageResult]:
    return [{k: v for k, v in result.items() if k != "seconds"} for result in results]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, list[StageResult]]:
    """A network trained without interruption, and the results."""
    network = build_small_network()
    images = small_images(tmp_path_factory.mktemp("uninterrupted"))
    return network, _train(network, images, None)


@pytest.mark.parametrize(
    "killed_after",
    [1, 4, *(pytest.param(epochs, marks=pytest.mark.slow) for epochs in (2, 7))],
)
def test_resumed_training_equals_an_uninterrupted_one(
    make_network: Any,
    images: Images,
    tmp_path: Path,
    uninterrupted: tuple[Network, list[StageResult]],
    killed_after: int,
) -> None:
    whole, expected = uninterrupted
    folder = tmp_path / "checkpoints"
    with pytest.raises(Killed):
        _train(make_network(), images, folder, epochs=killed_after)
    resumed = make_network()
    results = _train(resumed, images, folder)
    assert _without_seconds(results) == _without_seconds(expected)
    for ours, theirs in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_saved_state_loads_unchanged(tmp_path: Path) -> None:
    checkpoint = Checkpoint(str(tmp_path / "new"), "training")
    assert checkpoint.load() is None
    arrays: Arrays = {
        "network": [np.arange(3.0), np.array(2, np.float32)],
        "optimizer": [np.array(7, np.int64)] * 12,
        "seeds": [np.array([1, 2], np.uint32)],
    }
    state = StageState(epoch=4, history={"loss": [1.0, 0.5]}, best_weights=[np.eye(2)])
    checkpoint.save(SavedState([{"name": "head"}], state, [3, 17], arrays))
    saved = checkpoint.load()
    assert saved is not None
    assert saved.finished == [{"name": "head"}] and saved.changed == [3, 17]
    assert (saved.state.epoch, saved.state.history) == (4, {"loss": [1.0, 0.5]})
    np.testing.assert_array_equal(saved.state.best_weights[0], np.eye(2))
    for key, group in arrays.items():
        assert [a.dtype for a in saved.arrays[key]] == [a.dtype for a in group]
        for ours, theirs in zip(saved.arrays[key], group, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    checkpoint.remove()
    assert checkpoint.load() is None
    assert list((tmp_path / "new").iterdir()) == []


def test_only_the_chief_writes(tmp_path: Path) -> None:
    saved = SavedState([], StageState(), [], {"network": [], "optimizer": [], "seeds": []})
    Checkpoint(str(tmp_path), "training", writes=False).save(saved)
    assert list(tmp_path.iterdir()) == []
    Checkpoint(str(tmp_path), "training").save(saved)
    Checkpoint(str(tmp_path), "training", writes=False).remove()
    assert Checkpoint(str(tmp_path), "training", writes=False).load() is not None


def test_two_attempts_of_one_training_at_once(tmp_path: Path) -> None:
    """A pod that Kubernetes has given up may still run while the next one trains."""
    large = {"network": [np.ones(200_000)], "optimizer": [], "seeds": []}
    saved = SavedState([], StageState(), [0], large)
    attempts = [Checkpoint(str(tmp_path), "training") for _ in range(2)]

    def save(checkpoint: Checkpoint) -> None:
        for _ in range(20):
            checkpoint.save(saved)
            assert checkpoint.load() is not None

    with ThreadPoolExecutor() as threads:
        list(threads.map(save, attempts))
    (tmp_path / "training.npz.0123abcd.new").write_bytes(b"of an attempt that was killed")
    (tmp_path / "training2.npz").write_bytes(b"of another training")
    attempts[0].remove()
    attempts[1].remove()
    assert [path.name for path in tmp_path.iterdir()] == ["training2.npz"]


def test_old_states_of_other_trainings_are_removed(tmp_path: Path) -> None:
    saved = SavedState([], StageState(), [], {"network": [], "optimizer": [], "seeds": []})
    for name in ("training", "young", "old"):
        Checkpoint(str(tmp_path), name).save(saved)
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(tmp_path / "old.npz", (eight_days_ago, eight_days_ago))
    Checkpoint(str(tmp_path), "training").remove()
    assert [path.name for path in tmp_path.iterdir()] == ["young.npz"]


@pytest.mark.parametrize("contents", [b"not a state", b"", b"PK"], ids=["text", "empty", "cut"])
def test_a_damaged_state_is_an_error(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "training.npz").write_bytes(contents)
    with pytest.raises(UserError, match="saved state of the training is damaged") as error:
        Checkpoint(str(tmp_path), "training").load()
    assert "Remove the folder `checkpoints`" in str(error.value.hint)


def test_a_state_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    saved = SavedState([], StageState(), [], {"network": [], "optimizer": [], "seeds": []})
    with pytest.raises(UserError, match="state of the training cannot be written to"):
        Checkpoint(str(tmp_path / "file" / "folder"), "training").save(saved)
