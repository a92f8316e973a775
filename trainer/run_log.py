"""The log of a training: results, learning curves, TensorBoard's log, the table of layers."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.artifacts import TRAINING_FILE
from components.report.charts.chart import LIGHT
from components.report.charts.curves import METRICS, plot_metric
from trainer.calibration import Calibration
from trainer.network.network import Network
from trainer.stages.layers import layer_table
from trainer.stages.state import History
from trainer.stages.train import StageResult

CURVES_FILE = "learning_curves.png"
LAYERS_FILE = "layers.txt"
TENSORBOARD_FOLDER = "tensorboard"


class RunLog:
    """Writes the log during the training."""

    def __init__(self, folder: str, network: Network) -> None:
        self._folder = folder
        self._tensorboard = TensorBoardLog(f"{folder}/{TENSORBOARD_FOLDER}")
        self._write(LAYERS_FILE, layer_table(network))

    def update(self, finished: Sequence[StageResult], history: History) -> None:
        """Writes the epochs, numbered across all stages, that are not written yet."""
        self._tensorboard.update([*(result["history"] for result in finished), history])

    def finish(
        self,
        results: Sequence[StageResult],
        notes: Sequence[str],
        suspects: int | None,
        calibration: Calibration | None = None,
    ) -> None:
        """Writes the results and the curves of the whole training.

        TensorBoard's log is completed: a training that resumes after its last epoch has not called
        `update`. `suspects` is the number of labels that are probably wrong; None if not
        checked.
        """
        self._tensorboard.update([result["history"] for result in results])
        training = {
            "stages": list(results),
            "notes": list(notes),
            "suspect_labels": suspects,
            "calibration": asdict(calibration) if calibration else None,
        }
        self._write(TRAINING_FILE, json.dumps(training, indent=2))
        with tempfile.TemporaryDirectory() as folder:
            curves = Path(folder) / CURVES_FILE
            plot_curves(results, curves)
            tf.io.gfile.copy(str(curves), f"{self._folder}/{CURVES_FILE}", overwrite=True)

    def _write(self, name: str, text: str) -> None:
        with tf.io.gfile.GFile(f"{self._folder}/{name}", "w") as file:
            file.write(text)


class TensorBoardLog:
    """Writes the metrics of each epoch for TensorBoard, during the training."""

    def __init__(self, folder: str) -> None:
        self._writers = {
            name: tf.summary.create_file_writer(f"{folder}/{name}")
            for name in ("train", "validation")
        }
        self._epochs = 0

    def update(self, histories: Sequence[History]) -> None:
        """Writes the epochs that are not written yet.

        Args:
            histories: One per stage, in order; epochs are numbered across all stages.
        """
        epochs = [
            {name: values[number] for name, values in history.items()}
            for history in histories
            # Empty where a stage ended before its first epoch was finished.
            for number in range(len(history.get("loss", [])))
        ]
        for number, metrics in enumerate(epochs[self._epochs :], start=self._epochs + 1):
            for name, value in metrics.items():
                split = "validation" if name.startswith("val_") else "train"
                with self._writers[split].as_default():
                    tf.summary.scalar(name.removeprefix("val_"), value, step=number)
        for writer in self._writers.values():
            writer.flush()
        self._epochs = len(epochs)


def plot_curves(stages: Sequence[dict[str, Any]], file: Path) -> None:
    """Draws accuracy and loss over all epochs, 1600 x 640 pixels, a line between stages."""
    # pyplot keeps every figure in memory, and needs a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, metric in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
        plot_metric(metric, stages, axes, LIGHT)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)
