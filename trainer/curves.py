"""Learning curves: a picture for people, and TensorBoard's logs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.report.chart import LIGHT
from components.report.curves_chart import METRICS, plot_metric
from trainer.stage_state import History


class TensorBoardLog:
    """Writes the metrics of each epoch as TensorBoard reads them, while training goes on.

    Args:
        folder: Where to; `train` and `validation` are made in it.
    """

    def __init__(self, folder: str) -> None:
        self._writers = {
            name: tf.summary.create_file_writer(f"{folder}/{name}")
            for name in ("train", "validation")
        }
        self._epochs = 0

    def update(self, histories: Sequence[History]) -> None:
        """Writes the epochs that are not written yet.

        Args:
            histories: One a stage, in their order; epochs are counted through all of them.
        """
        epochs = [
            {name: values[number] for name, values in history.items()}
            for history in histories
            # None where a stage ended before its first epoch was over.
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
    """Draws accuracy and loss over all epochs, as the report does, with a mark between stages.

    Args:
        stages: Results of the stages, see `trainer.stages.train_stages`.
        file: The PNG to write, 1600 x 640 pixels.
    """
    # The pyplot interface keeps figures for ever and asks for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, metric in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
        plot_metric(metric, stages, axes, LIGHT)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)
