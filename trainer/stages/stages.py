"""The stages of a training, one after the other, epoch by epoch."""

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
from trainer.settings import StageSettings, TrainerSettings
from trainer.stages.build import Images, StageBuilder, StageModel
from trainer.stages.checkpoint import Checkpoint, Saved, load_for_all_workers
from trainer.stages.layers import describe_stage
from trainer.stages.optimizer import build_loss, build_optimizer, find_last_rate
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


def train_stages(training: Training, on_epoch: OnEpoch | None = None) -> list[StageResult]:
    """Trains every stage, or what an interrupted training has left of them.

    Without augmentation the frozen part runs once over each image and a stage trains on its
    stored output; with augmentation, or where that output is large and quick to compute, it runs in
    each step. Images themselves are never stored. The weights from before a stage count as its
    epoch 0: no stage leaves the model worse on the validation split than it found it.

    Args:
        training: What is trained, and on what.
        on_epoch: Called after each epoch with the results of the stages that are over and the
            history of this one.

    Returns:
        What happened in each stage: `name`, `epochs`, `best_epoch`, `seconds`,
        `validation_accuracy` (0 to 1, of the weights that were kept), `layers`, `trainable_layers`,
        `trainable_parameters`, `total_parameters`, `notes` (what else there is to know, a list of
        sentences) and `history` (a list of numbers an epoch for each metric).

    Raises:
        UserError: A layer that a stage names is not there, the disk has no room, or the loss is no
            number before anything was gained.
    """
    weights = training.network.weights
    saved = load_for_all_workers(training.checkpoint, training.strategy)
    finished = list(saved.finished) if saved else []
    changed: set[int] = set(saved.changed) if saved else set()
    if saved:
        _assign([weights[index] for index in saved.changed], saved.arrays["network"])
    builder = StageBuilder(training.network, training.images, training.settings)
    for index in range(len(finished), len(training.settings.stages)):
        # Not kept: a stage's features have to go before those of the next one are computed.
        result = _Stage(training, builder, index, finished, changed).train(saved, on_epoch)
        finished.append(result)
        saved = None
    return finished


class _Stage:
    """One stage while it is trained."""

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
        self._facts = describe_stage(self._settings, training.network)
        report_note("Trainer", self._facts.text)
        with training.strategy.scope():
            self._parts: StageModel = builder.build(index)
            _compile(self._parts, self._settings, training.settings)
        self._changed = _changed_variables(self._parts.tail, training.network)
        positions = {id(weight): n for n, weight in enumerate(training.network.weights)}
        changed.update(positions[id(variable)] for variable in self._changed)

    def train(self, saved: Saved | None, on_epoch: OnEpoch | None) -> StageResult:
        """Trains it to its end and keeps the best epoch's weights."""
        if saved:
            self._restore(saved)
            report_note(
                "Trainer",
                f"{self._settings.name}: an interrupted training goes on after epoch "
                f"{saved.state.epoch}",
            )
        state = saved.state if saved else StageState()
        before = state.seconds
        if state.epoch == 0:
            accuracy, loss = self._evaluate()
            state.see(accuracy, loss, self._changed)
        notes = []
        while state.epoch < self._settings.epochs and not state.is_over:
            if not self._train_epoch(state):
                notes.append(self._explain_end(state))
                break
            state.seconds = before + time.monotonic() - self._started
            self._save(state)
            if on_epoch is not None:
                on_epoch(self._finished, state.history)
            report_progress(
                "Trainer",
                f"{self._settings.name}: epoch {state.epoch}/{self._settings.epochs}, "
                f"validation accuracy {share(state.history['val_accuracy'][-1])}",
                state.epoch,
                self._settings.epochs,
            )
        _assign(self._changed, state.best_weights)
        return self._result(state, notes)

    def _train_epoch(self, state: StageState) -> bool:
        """Trains one epoch; whether its loss and weights are numbers, or it does not count."""
        batches = self._parts.train.epoch(state.epoch)
        metrics = self._parts.model.fit(batches, verbose=0).history
        accuracy, loss = self._evaluate()
        # Not the loss alone: a ReLU that is joined with a convolution makes 0 of what is no number.
        if not math.isfinite(loss) or not _are_finite(self._changed):
            return False
        optimizer, steps = self._parts.model.optimizer, self._parts.train.steps
        rate = find_last_rate(self._settings.optimizer, self._settings.epochs, steps, optimizer)
        state.add(
            {
                "loss": metrics["loss"][0],
                "accuracy": metrics["accuracy"][0],
                "val_loss": loss,
                "val_accuracy": accuracy,
                "learning_rate": rate,
            }
        )
        state.see(accuracy, loss, self._changed)
        if self._settings.early_stopping:
            state.stop_early(self._settings.early_stopping, loss)
        return True

    def _explain_end(self, state: StageState) -> str:
        """Says that loss or weights are no longer numbers, and what became of the stage.

        Raises:
            UserError: No epoch so far, of this stage or an earlier one, has made the model better.
        """
        stage = self._settings
        gained = max([state.best_epoch, *(result["best_epoch"] for result in self._finished)])
        end = f"stage {stage.name}: after epoch {state.epoch} loss or weights are no longer numbers"
        if gained <= 0:
            raise UserError(
                f"{end}, and no epoch before has made the model better",
                hint=f"Lower its learning rate (optimizer.learning_rate: "
                f"{stage.optimizer.learning_rate:g}), or let it rise (optimizer.warmup_epochs); "
                "where that does not help, set trainer.mixed_precision to off.",
            )
        kept = f"of epoch {state.best_epoch}" if state.best_epoch else "from before the stage"
        note = f"{end}; the weights {kept} are kept. Lower its learning rate"
        report_note("Trainer", note)
        return note

    def _evaluate(self) -> tuple[float, float]:
        """Accuracy, 0 to 1, and loss on the validation split."""
        batches = self._parts.validation.epoch(0)
        metrics = self._parts.tail.evaluate(batches, verbose=0, return_dict=True)
        return metrics["accuracy"], metrics["loss"]

    def _save(self, state: StageState) -> None:
        weights = self._training.network.weights
        changed = sorted(self._all_changed)
        arrays = {
            "network": [weights[index].numpy() for index in changed],
            "optimizer": [v.numpy() for v in self._parts.model.optimizer.variables],
            "seeds": [v.numpy() for v in _seeds(self._parts.model)],
        }
        self._training.checkpoint.save(Saved(self._finished, state, changed, arrays))

    def _restore(self, saved: Saved) -> None:
        model = self._parts.model
        _assign(model.optimizer.variables, saved.arrays["optimizer"])
        _assign(_seeds(model), saved.arrays["seeds"])

    def _result(self, state: StageState, notes: list[str]) -> StageResult:
        return {
            "name": self._settings.name,
            "epochs": state.epoch,
            "best_epoch": state.best_epoch,
            "seconds": round(state.seconds, 3),
            "validation_accuracy": state.best_accuracy,
            **self._facts.numbers,
            "notes": notes,
            "history": state.history,
        }


def _compile(parts: StageModel, stage: StageSettings, settings: TrainerSettings) -> None:
    optimizer = build_optimizer(stage.optimizer, stage.epochs, parts.train.steps)
    for model in {id(model): model for model in (parts.model, parts.tail)}.values():
        model.compile(
            optimizer=optimizer if model is parts.model else None,
            loss=build_loss(settings.label_smoothing),
            # An object each: what both count into would be wrong for both.
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            # XLA compiles for seconds what a small head trains in as many. Its CPU code is slow:
            # MobileNetV2 from block 15 on took 702 ms a step instead of 52 (`benchmarks.parts`).
            jit_compile=False,
        )
    # tf.function traces twice what creates variables in its first call. (Not `optimizer`: under
    # float16 the model has it wrapped.)
    parts.model.optimizer.build(parts.model.trainable_variables)


def _changed_variables(tail: keras.Model, network: Network) -> list[keras.Variable]:
    """What a stage changes: what it trains, and the statistics of a BatchNorm in the head."""
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
