"""What a training leaves for people, beside the model."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from trainer.curves import TensorBoardLog, plot_curves
from trainer.layers import layer_table
from trainer.network import Network
from trainer.stage_state import History
from trainer.stages import StageResult

TRAINING_FILE = "training.json"
CURVES_FILE = "learning_curves.png"
LAYERS_FILE = "layers.txt"
TENSORBOARD_FOLDER = "tensorboard"


class RunLog:
    """Writes it while training goes on.

    Args:
        folder: Where to.
        network: The model.
    """

    def __init__(self, folder: str, network: Network) -> None:
        self._folder = folder
        self._tensorboard = TensorBoardLog(f"{folder}/{TENSORBOARD_FOLDER}")
        self._write(LAYERS_FILE, layer_table(network))

    def update(self, finished: Sequence[StageResult], history: History) -> None:
        """Adds an epoch to TensorBoard's log."""
        self._tensorboard.update([*(result["history"] for result in finished), history])

    def finish(self, results: Sequence[StageResult], notes: Sequence[str]) -> None:
        """Writes the results and the curves of the whole training.

        What TensorBoard's log lacks is added: a training that goes on after its last epoch has no
        other occasion.
        """
        self._tensorboard.update([result["history"] for result in results])
        training = {"stages": list(results), "notes": list(notes)}
        self._write(TRAINING_FILE, json.dumps(training, indent=2))
        with tempfile.TemporaryDirectory() as folder:
            curves = Path(folder) / CURVES_FILE
            plot_curves(results, curves)
            tf.io.gfile.copy(str(curves), f"{self._folder}/{CURVES_FILE}", overwrite=True)

    def _write(self, name: str, text: str) -> None:
        with tf.io.gfile.GFile(f"{self._folder}/{name}", "w") as file:
            file.write(text)
