"""The best epoch of a stage: measured on the validation split, and kept."""

import keras
import numpy as np
import tensorflow as tf

from components.progress import report_progress
from trainer.features import FeatureBatches
from trainer.optimizer import build_loss
from trainer.settings import StageSettings


class BestEpoch(keras.callbacks.Callback):
    """Measures each epoch on the validation split, keeps the best weights, ends a stage early.

    The best epoch has the highest accuracy and, among equals, the lowest loss.

    Args:
        stage: For its name, epochs and early stopping.
        tail: The trained part with its head, from features to logits.
        validation: The validation split, as `tail` reads it.
    """

    def __init__(
        self,
        stage: StageSettings,
        tail: keras.Model,
        validation: FeatureBatches | tf.data.Dataset,
    ):
        super().__init__()
        self._stage = stage
        self._tail = tail
        self._validation = validation
        self._epochs_without_gain = 0
        self._lowest_loss = np.inf
        tail.compile(loss=build_loss(), metrics=["sparse_categorical_accuracy"], jit_compile=False)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Measures the weights from before the stage: epoch 0."""
        self._remember(0, *self._evaluate())

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Measures the epoch, reports it, and ends the stage if it has stopped to gain."""
        loss, accuracy = self._evaluate()
        if logs is not None:
            logs.update(val_loss=loss, val_accuracy=accuracy)
        if (accuracy, -loss) > (self.accuracy, -self._loss):
            self._remember(epoch + 1, loss, accuracy)
        report_progress(
            "Trainer",
            f"{self._stage.name}: epoch {epoch + 1}/{self._stage.epochs}, "
            f"validation accuracy {accuracy:.3f}",
            epoch + 1,
            self._stage.epochs,
        )
        self._stop_early(loss)

    def restore(self) -> None:
        """Puts the best epoch's weights back."""
        for variable, value in zip(self._tail.trainable_variables, self._weights, strict=True):
            variable.assign(value)

    def _evaluate(self) -> tuple[float, float]:
        loss, accuracy = self._tail.evaluate(self._validation, verbose=0)
        return float(loss), float(accuracy)

    def _remember(self, epoch: int, loss: float, accuracy: float) -> None:
        self.epoch, self._loss, self.accuracy = epoch, loss, accuracy
        self._weights = [variable.numpy() for variable in self._tail.trainable_variables]

    def _stop_early(self, loss: float) -> None:
        rule = self._stage.early_stopping
        if rule is None:
            return
        if loss < self._lowest_loss - rule.min_delta:
            self._lowest_loss = loss
            self._epochs_without_gain = 0
        else:
            self._epochs_without_gain += 1
        if self._epochs_without_gain >= rule.patience:
            self.model.stop_training = True
