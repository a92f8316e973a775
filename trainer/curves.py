"""Learning curves: a picture for people, and TensorBoard's logs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.stage_state import History

TRAIN_COLOUR, VALIDATION_COLOUR, MARK_COLOUR = "#1f77b4", "#d95f02", "#555555"
_TITLES = {"accuracy": "Accuracy", "loss": "Loss"}


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
            for number in range(len(history["loss"]))
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
    """Draws accuracy and loss of both splits over all epochs, with a mark where each stage starts.

    Args:
        stages: Results of the stages, see `trainer.stages.train_stages`.
        file: The PNG to write, 1600 x 640 pixels.
    """
    # The pyplot interface keeps figures for ever and asks for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, metric in zip(figure.subplots(1, 2), _TITLES, strict=True):
        _plot_metric(axes, metric, stages)
    figure.axes[0].legend(loc="lower right", frameon=False)
    figure.savefig(file)


def _plot_metric(axes: Any, metric: str, stages: Sequence[dict[str, Any]]) -> None:
    start = 0
    for stage in stages:
        history, epochs = stage["history"], stage["epochs"]
        numbers = range(start + 1, start + epochs + 1)
        is_first = start == 0
        for name, label, colour in (
            (metric, "training", TRAIN_COLOUR),
            (f"val_{metric}", "validation", VALIDATION_COLOUR),
        ):
            # A dot each: a stage may have one epoch, which a line does not show.
            axes.plot(numbers, history[name], ".-", color=colour, label=label if is_first else None)
        if stage["best_epoch"] > 0:
            best = stage["best_epoch"]
            value = history[f"val_{metric}"][best - 1]
            axes.plot(start + best, value, "o", mfc="none", mec=VALIDATION_COLOUR, ms=10,
                      label="kept" if is_first else None)  # fmt: skip
        axes.axvline(start + 0.5, color=MARK_COLOUR, lw=0.8, ls=":")
        axes.text(start + 0.6, 1.01, stage["name"], transform=axes.get_xaxis_transform(),
                  color=MARK_COLOUR, fontsize=9)  # fmt: skip
        start += epochs
    axes.set_xlim(0.5, max(start, 1) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel(_TITLES[metric])
    axes.spines[["top", "right"]].set_visible(False)
