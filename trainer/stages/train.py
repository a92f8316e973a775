"""Trains the stages one after the other, epoch by epoch."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.errors import UserError
from components.format import share
from components.progress import report_note, report_progress
from trainer.network.network import Network
from trainer.stages.build import Images, StageBuilder, StageModel
from trainer.stages.checkpoint import Checkpoint, SavedState, load_for_all_workers
from trainer.stages.layers import describe_stage
from trainer.stages.optimizer import build_loss, build_optimizer, find_last_rate
from trainer.stages.settings import StageSettings, TrainerSettings
from trainer.stages.state import History, StageState

StageResult = dict[str, Any]
OnEpoch = Callable[[list[StageResult], History], None]


@dataclass(frozen=True)
class Training:
    """Everything that a training needs.

    Attributes:
        network: The model; changed in place.
        images: Training and validation images.
        settings: The `trainer` section.
        strategy: How the work is distributed; `network` was built in its scope.
        checkpoint: Where the state goes after each epoch.
    """

    network: Network
    images: Images
    settings: TrainerSettings
    strategy: tf.distribute.Strategy
    checkpoint: Checkpoint


def train_stages(
    training: Training, on_epoch: OnEpoch | None = None, builder: StageBuilder | None = None
) -> list[StageResult]:
    """Trains every stage, or those that an interrupted training has not finished.

    Without augmentation the frozen part runs once over each image and a stage trains on its stored
    output; with augmentation, or if that output is large and quick to compute, it runs in each
    step. Images themselves are never stored. The weights from before a stage count as its
    epoch 0: no stage leaves the model worse on the validation split than before.

    Args:
        training: The network, the images and the settings.
        on_epoch: Called after each epoch with the results of the finished stages and the history
            of this one.
        builder: Of the same network, images and settings, with features that it has computed.

    Returns:
        The result of each stage: `name`, `epochs`, `best_epoch`, `seconds`,
        `validation_accuracy` (0 to 1, of the weights that are kept), `layers`, `trainable_layers`,
        `trainable_parameters`, `total_parameters`, `notes` (a list of sentences)
        and `history` (one number per epoch for each metric).

    Raises:
        UserError: A stage names an unknown layer, the disk is too small for features, or the loss
            is not finite before any epoch has improved the model.
    """
    saved = load_for_all_workers(training.checkpoint, training.strategy)
    finished = list(saved.finished) if saved else []
    changed = set(saved.changed) if saved else set()
    if saved:
        _restore_network(training.network, saved)
    # Features from before the weights were restored are those of another network.
    if builder and saved:
        builder.forget()
    if builder is None or saved:
        builder = StageBuilder(training.network, training.images, training.settings)
    for index in range(len(finished), len(training.settings.stages)):
        # No reference to it: its features are freed before those of the next stage are computed.
        result = _Stage(training, builder, index, finished, changed).train(saved, on_epoch)
        finished.append(result)
        saved = None
    return finished


class _Stage:
    """One stage while it is trained.

    Args:
        training: See `Training`.
        builder: Builds the stage's model and batches.
        index: Which of the stages.
        finished: The results of those before.
        changed: Indices of the network's weights that training changes; this stage adds its own.
    """

    def __init__(
        self,
        training: Training,
        builder: StageBuilder,
        index: int,
        finished: list[StageResult],
        changed: set[int],
    ) -> None:
        self._training = training
        self._settings: StageSettings = training.settings.stages[index]
        self._finished = finished
        self._all_changed = changed
        self._started = time.monotonic()
        builder.freeze(index)
        self._description = describe_stage(self._settings, training.network)
        report_note("Trainer", self._description.text)
        with training.strategy.scope():
            self._stage: StageModel = builder.build(index)
            _compile(self._stage, self._settings, training.settings)
        self._changed = _changed_variables(self._stage.tail, training.network)
        positions = {id(weight): n for n, weight in enumerate(training.network.weights)}
        changed.update(positions[id(variable)] for variable in self._changed)

    def train(self, saved: SavedState | None, on_epoch: OnEpoch | None) -> StageResult:
        """Trains it to the end and keeps the best epoch's weights."""
        state = self._resume(saved) if saved else StageState()
        if state.epoch == 0:
            accuracy, loss = self._evaluate()
            state.update_best(accuracy, loss, self._changed)
        seconds_before, notes = state.seconds, []
        while state.epoch < self._settings.epochs and not state.is_over:
            if not self._train_epoch(state):
                notes.append(self._explain_end(state))
                break
            state.seconds = seconds_before + time.monotonic() - self._started
            self._save(state)
            if on_epoch is not None:
                on_epoch(self._finished, state.history)
            self._report_epoch(state)
        _assign(self._changed, state.best_weights)
        advice = state.advice(self._settings.name, self._settings.epochs)
        return self._result(state, [*notes, *filter(None, [advice])])

    def _resume(self, saved: SavedState) -> StageState:
        _assign(self._stage.model.optimizer.variables, saved.arrays["optimizer"])
        _assign(_seeds(self._stage.model), saved.arrays["seeds"])
        report_note(
            "Trainer",
            f"{self._settings.name}: an interrupted training resumes after epoch "
            f"{saved.state.epoch}",
        )
        return saved.state

    def _train_epoch(self, state: StageState) -> bool:
        """Trains one epoch; False if its loss or weights are not finite, and it does not count."""
        batches = self._stage.train.epoch(state.epoch)
        metrics = self._stage.model.fit(batches, verbose=0).history
        accuracy, loss = self._evaluate()
        # Not only the loss: a ReLU that is fused with a convolution turns NaN into 0.
        if not math.isfinite(loss) or not _are_finite(self._changed):
            return False
        optimizer, steps = self._stage.model.optimizer, self._stage.train.steps
        rate = find_last_rate(self._settings.optimizer, self._settings.epochs, steps, optimizer)
        state.add_epoch(
            {
                "loss": metrics["loss"][0],
                "accuracy": metrics["accuracy"][0],
                "val_loss": loss,
                "val_accuracy": accuracy,
                "learning_rate": rate,
            }
        )
        state.update_best(accuracy, loss, self._changed)
        if self._settings.early_stopping:
            state.update_early_stopping(self._settings.early_stopping, loss)
        return True

    def _explain_end(self, state: StageState) -> str:
        """A note that loss or weights are no longer finite, and which weights are kept.

        Raises:
            UserError: No epoch so far, of this stage or an earlier one, has improved the model.
        """
        stage = self._settings
        best_epoch = max([state.best_epoch, *(result["best_epoch"] for result in self._finished)])
        end = f"stage {stage.name}: after epoch {state.epoch} loss or weights are no longer finite"
        if best_epoch <= 0:
            raise UserError(
                f"{end}, and no epoch before has improved the model",
                hint=f"Lower its learning rate (optimizer.learning_rate: "
                f"{stage.optimizer.learning_rate:g}), or warm it up (optimizer.warmup_epochs); "
                "if that does not help, set trainer.mixed_precision to off.",
            )
        kept = f"of epoch {state.best_epoch}" if state.best_epoch else "from before the stage"
        note = f"{end}; the weights {kept} are kept. Lower its learning rate"
        report_note("Trainer", note)
        return note

    def _evaluate(self) -> tuple[float, float]:
        """Accuracy, 0 to 1, and loss on the validation split."""
        batches = self._stage.validation.epoch(0)
        metrics = self._stage.tail.evaluate(batches, verbose=0, return_dict=True)
        return metrics["accuracy"], metrics["loss"]

    def _save(self, state: StageState) -> None:
        weights = self._training.network.weights
        changed = sorted(self._all_changed)
        arrays = {
            "network": [weights[index].numpy() for index in changed],
            "optimizer": [v.numpy() for v in self._stage.model.optimizer.variables],
            "seeds": [v.numpy() for v in _seeds(self._stage.model)],
        }
        self._training.checkpoint.save(SavedState(self._finished, state, changed, arrays))

    def _report_epoch(self, state: StageState) -> None:
        report_progress(
            "Trainer",
            f"{self._settings.name}: epoch {state.epoch}/{self._settings.epochs}, "
            f"validation accuracy {share(state.history['val_accuracy'][-1])}",
            state.epoch,
            self._settings.epochs,
        )

    def _result(self, state: StageState, notes: list[str]) -> StageResult:
        return {
            "name": self._settings.name,
            "epochs": state.epoch,
            "best_epoch": state.best_epoch,
            "seconds": round(state.seconds, 3),
            "validation_accuracy": state.best_accuracy,
            **self._description.numbers,
            "notes": notes,
            "history": state.history,
        }


def _compile(stage: StageModel, stage_settings: StageSettings, settings: TrainerSettings) -> None:
    optimizer = build_optimizer(stage_settings.optimizer, stage_settings.epochs, stage.train.steps)
    for model in {id(model): model for model in (stage.model, stage.tail)}.values():
        model.compile(
            optimizer=optimizer if model is stage.model else None,
            loss=build_loss(settings.label_smoothing),
            # An object each: shared, it would count both splits together.
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            # XLA takes seconds to compile, as long as a small head trains. Its CPU code is slow:
            # MobileNetV2 from block 15 on took 702 ms a step instead of 52 (`benchmarks.parts`).
            jit_compile=False,
        )
    # tf.function traces twice if its first call creates variables. (Not `optimizer`: under
    # float16 the model has wrapped it.)
    stage.model.optimizer.build(stage.model.trainable_variables)


def _restore_network(network: Network, saved: SavedState) -> None:
    _assign([network.weights[index] for index in saved.changed], saved.arrays["network"])


def _changed_variables(tail: keras.Model, network: Network) -> list[keras.Variable]:
    """The variables that a stage trains, and the statistics of a BatchNorm in the head."""
    return [*tail.trainable_variables, *network.head.non_trainable_weights]


def _are_finite(variables: list[keras.Variable]) -> bool:
    return all(bool(tf.reduce_all(tf.math.is_finite(variable.value))) for variable in variables)


def _seeds(model: keras.Model) -> list[keras.Variable]:
    """The states of random layers: dropout and augmentation."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
