"""The state of a stage after an epoch: its history, its best epoch, whether it ends early."""

import math
from dataclasses import dataclass, field

import keras
import numpy as np

from components.format import share
from trainer.stages.settings import EarlyStoppingSettings

History = dict[str, list[float]]


@dataclass
class StageState:
    """The progress of a stage; saved after each epoch, so that training can resume from there.

    The best epoch has the highest validation accuracy and, among equals, the lowest loss; the
    weights from before the stage are epoch 0. An epoch whose loss is not finite is never the best.

    Attributes:
        epoch: Finished epochs.
        history: One number per epoch for each metric.
        best_epoch: The best one, from 0 on; -1 before there is one.
        best_accuracy: Its validation accuracy, 0 to 1.
        best_loss: Its validation loss.
        best_weights: The values of the variables that the stage changes, after that epoch.
        lowest_loss: The validation loss that early stopping compares with.
        epochs_without_gain: Epochs since that loss.
        is_over: Whether early stopping has ended the stage.
        seconds: Seconds so far.
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

    def update_best(self, accuracy: float, loss: float, changed: list[keras.Variable]) -> None:
        """Keeps the weights that a stage changes if they are the best so far on validation."""
        if math.isfinite(loss) and (accuracy, -loss) > (self.best_accuracy, -self.best_loss):
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, accuracy, loss
            self.best_weights = [variable.numpy() for variable in changed]

    def add_epoch(self, metrics: dict[str, float]) -> None:
        """Counts an epoch and appends its metrics to the history."""
        self.epoch += 1
        for name, value in metrics.items():
            self.history.setdefault(name, []).append(float(value))

    def advice(self, name: str, epochs: int) -> str | None:
        """What a finished stage of at most `epochs` epochs shows about its settings."""
        if self.best_epoch == 0 and self.epoch:
            return (
                f"stage {name} gained nothing: on the validation split no epoch was better than "
                "the weights from before it, which are kept"
            )
        *earlier, last = self.history.get("val_accuracy") or [0.0]
        before = max(earlier, default=last)
        if self.best_epoch == epochs and before < last:
            return (
                f"stage {name} was still improving in its last epoch (validation accuracy "
                f"{share(before)} to {share(last)}): more epochs may help"
            )
        return None

    def update_early_stopping(self, rule: EarlyStoppingSettings, loss: float) -> None:
        """Ends the stage if the validation loss no longer falls; called once per epoch."""
        if loss < self.lowest_loss - rule.min_delta:
            self.lowest_loss = loss
            self.epochs_without_gain = 0
        else:
            self.epochs_without_gain += 1
        self.is_over = self.epochs_without_gain >= rule.patience
