"""Where a stage stands after an epoch: its history, its best epoch, and when it ends."""

import math
from dataclasses import dataclass, field

import keras
import numpy as np

from trainer.settings import EarlyStoppingSettings

History = dict[str, list[float]]


@dataclass
class StageState:
    """What a stage has come to; saved after each epoch, so that training can go on from there.

    The best epoch has the highest validation accuracy and, among equals, the lowest loss; the
    weights from before the stage are epoch 0. One whose loss is no number is never the best.

    Attributes:
        epoch: Epochs that are over.
        history: One number an epoch for each metric.
        best_epoch: The best one, from 0 on; -1 before there is one.
        best_accuracy: Its validation accuracy, 0 to 1.
        best_loss: Its validation loss.
        best_weights: The values of what the stage changes, after that epoch.
        lowest_loss: What early stopping compares with.
        epochs_without_gain: Epochs since then.
        is_over: Whether the stage gains no more.
        seconds: Seconds spent so far.
    """

    epoch: int = 0
    history: History = field(default_factory=dict)
    best_epoch: int = -1
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    best_weights: list[np.ndarray] = field(default_factory=list)
    lowest_loss: float = math.inf
    epochs_without_gain: int = 0
    is_over: bool = False
    seconds: float = 0.0

    def see(self, accuracy: float, loss: float, changed: list[keras.Variable]) -> None:
        """Keeps the weights if they are the best so far.

        Args:
            accuracy: On the validation split, 0 to 1.
            loss: On the validation split.
            changed: What the stage changes.
        """
        if math.isfinite(loss) and (accuracy, -loss) > (self.best_accuracy, -self.best_loss):
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, accuracy, loss
            self.best_weights = [variable.numpy() for variable in changed]

    def add(self, metrics: dict[str, float]) -> None:
        """Counts an epoch and appends its metrics."""
        self.epoch += 1
        for name, value in metrics.items():
            self.history.setdefault(name, []).append(float(value))

    def stop_early(self, rule: EarlyStoppingSettings, loss: float) -> None:
        """Ends the stage if the validation loss has stopped to fall; called once an epoch."""
        if loss < self.lowest_loss - rule.min_delta:
            self.lowest_loss = loss
            self.epochs_without_gain = 0
        else:
            self.epochs_without_gain += 1
        self.is_over = self.epochs_without_gain >= rule.patience
