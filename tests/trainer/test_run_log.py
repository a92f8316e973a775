"""The log of a training, written beside the model."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from components.artifacts import TRAINING_FILE
from trainer.network.network import Network
from trainer.run_log import (
    CURVES_FILE,
    LAYERS_FILE,
    RunLog,
    TensorBoardLog,
    plot_curves,
)
from trainer.stages.state import History

HEAD: History = {
    "loss": [0.9, 0.7, 0.6],
    "accuracy": [0.5, 0.7, 0.8],
    "val_loss": [0.8, 0.7, 0.65],
    "val_accuracy": [0.6, 0.75, 0.75],
    "learning_rate": [0.001, 0.001, 0.001],
}
FINE_TUNE: History = {name: [values[-1]] for name, values in HEAD.items()}


def test_all_epochs_are_logged_also_where_none_was_left_to_train(
    network: Network, tmp_path: Path
) -> None:
    results = [
        {"name": "head", "best_epoch": 2, "history": HEAD},
        {"name": "fine-tune", "best_epoch": 0, "history": FINE_TUNE},
    ]
    RunLog(str(tmp_path), network).finish(results, ["a note"], 3)
    training = json.loads((tmp_path / TRAINING_FILE).read_text())
    others = {"calibration": None, "suspect_labels": 3}
    assert training == {"stages": results, "notes": ["a note"], **others}
    assert "conv_2" in (tmp_path / LAYERS_FILE).read_text()
    assert (tmp_path / CURVES_FILE).stat().st_size > 0
    [file] = (tmp_path / "tensorboard" / "validation").iterdir()
    steps = {event.step for event in tf.compat.v1.train.summary_iterator(str(file))}
    assert steps == {0, 1, 2, 3, 4}


def _read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """The scalars of one split: name to (step, value)."""
    scalars: dict[str, list[tuple[int, float]]] = {}
    for file in sorted(folder.iterdir()):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                point = event.step, float(tf.make_ndarray(value.tensor))
                scalars.setdefault(value.tag, []).append(point)
    return scalars


def test_epochs_are_counted_through_all_stages(tmp_path: Path) -> None:
    log = TensorBoardLog(str(tmp_path))
    first = {name: values[:1] for name, values in HEAD.items()}
    # The second stage has ended before its first epoch was over.
    for histories in ([first], [HEAD], [HEAD, {}, FINE_TUNE]):
        log.update(histories)
    train, validation = _read(tmp_path / "train"), _read(tmp_path / "validation")
    assert set(train) == {"loss", "accuracy", "learning_rate"}
    assert [step for step, _ in train["loss"]] == [1, 2, 3, 4]
    np.testing.assert_allclose([value for _, value in train["loss"]], [0.9, 0.7, 0.6, 0.6])
    np.testing.assert_allclose(
        [value for _, value in validation["accuracy"]], [0.6, 0.75, 0.75, 0.75]
    )


def test_curves_are_an_image_with_both_stages(tmp_path: Path) -> None:
    stages = [
        {"name": "head", "epochs": 3, "best_epoch": 2, "history": HEAD},
        {"name": "fine-tune", "epochs": 1, "best_epoch": 0, "history": FINE_TUNE},
    ]
    plot_curves(stages, tmp_path / "curves.png")
    plot_curves(stages[:1], tmp_path / "one.png")
    both, one = (np.asarray(Image.open(tmp_path / name)) for name in ("curves.png", "one.png"))
    assert both.shape[:2] == (640, 1600)
    assert (both != one).any()
