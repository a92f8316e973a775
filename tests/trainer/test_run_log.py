"""What a training leaves for people."""

import json
from pathlib import Path

import tensorflow as tf

from tests.trainer.test_curves import FINE_TUNE, HEAD
from trainer.network import Network
from trainer.run_log import CURVES_FILE, LAYERS_FILE, TRAINING_FILE, RunLog


def test_all_epochs_are_there_also_where_none_was_left_to_train(
    network: Network, tmp_path: Path
) -> None:
    results = [
        {"name": "head", "best_epoch": 2, "history": HEAD},
        {"name": "fine-tune", "best_epoch": 0, "history": FINE_TUNE},
    ]
    RunLog(str(tmp_path), network).finish(results, ["a note"])
    training = json.loads((tmp_path / TRAINING_FILE).read_text())
    assert training == {"stages": results, "notes": ["a note"]}
    assert "conv_2" in (tmp_path / LAYERS_FILE).read_text()
    assert (tmp_path / CURVES_FILE).stat().st_size > 0
    [file] = (tmp_path / "tensorboard" / "validation").iterdir()
    steps = {event.step for event in tf.compat.v1.train.summary_iterator(str(file))}
    assert steps == {0, 1, 2, 3, 4}
