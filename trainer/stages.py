"""One stage of training: what is frozen, what is trained, on which pictures, for how long."""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from components.progress import report_progress
from trainer.augmentation import build_augmentation
from trainer.cut import Cut, cut_network, find_first_trainable, freeze_below
from trainer.features import FeatureBatches, FrozenPart, compute_features
from trainer.input import PictureParser, Split, read_pictures
from trainer.settings import OptimizerSettings, StageSettings, TrainerSettings

# Evaluation holds no gradients: larger batches than in training cost no accuracy, only memory.
_EVALUATION_BATCH_SIZE = 128


@dataclass(frozen=True)
class Network:
    """The whole model, without its softmax.

    Attributes:
        body: Backbone and pooling, `[batch, height, width, 3] float32` to `[batch, features]`.
        head: Features to logits `[batch, classes] float32`.
        scale: How the backbone's pixels are scaled.
    """

    body: keras.Model
    head: keras.Model
    scale: str

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """Logits of scaled pictures, in inference mode."""
        return self.head(self.body(pictures, training=False), training=False)


@dataclass(frozen=True)
class Pictures:
    """What a stage reads.

    Attributes:
        train: The split that is trained on.
        validation: The split that chooses the best epoch.
        parse: Serialized examples to pictures, for `read_pictures`.
        cache_folder: Where features go that are too large for memory.
    """

    train: Split
    validation: Split
    parse: PictureParser
    cache_folder: Path


def train_stage(
    stage: StageSettings, network: Network, pictures: Pictures, settings: TrainerSettings
) -> dict:
    """Trains the network's unfrozen part and its head, and keeps the best epoch's weights.

    Without augmentation the frozen part runs once over each picture and the stage trains on its
    stored output; with augmentation it runs in each step. Pictures themselves are never stored. The
    weights from before the stage count as epoch 0: a stage never leaves the model worse on the
    validation split than it found it.

    Args:
        stage: What to train, and how.
        network: The model; changed in place.
        pictures: Training and validation pictures.
        settings: Batch size, seed and size of the cache.

    Returns:
        What happened: `name`, `epochs`, `best_epoch`, `seconds`, `validation_accuracy` (0 to 1, of
        the weights that were kept), `trainable_parameters`, `total_parameters` and `history`
        (a list of numbers an epoch for each metric).
    """
    start = time.monotonic()
    first_trainable = find_first_trainable(network.body, stage.unfreeze_from)
    freeze_below(network.body, first_trainable)
    cut = cut_network(network.body, first_trainable)
    tail = _build_tail(network, cut)
    frozen = FrozenPart(cut.frozen) if cut.frozen else None
    model, batches = _build_training(stage, network, cut, tail, frozen, pictures, settings)
    best = BestEpoch(stage, tail, _validation_batches(frozen, pictures, settings))
    model.compile(
        optimizer=build_optimizer(stage.optimizer, steps=stage.epochs * len(batches)),
        loss=_loss(),
        metrics=["sparse_categorical_accuracy"],
        # XLA compiles for seconds what a small head trains in as many.
        jit_compile=False,
    )
    history = model.fit(batches, epochs=stage.epochs, callbacks=[best], verbose=0)
    best.restore()
    return {
        "name": stage.name,
        "epochs": len(history.epoch),
        "best_epoch": best.epoch,
        "seconds": round(time.monotonic() - start, 3),
        "validation_accuracy": best.accuracy,
        "trainable_parameters": _count(tail.trainable_variables),
        "total_parameters": _count(network.body.variables) + _count(network.head.variables),
        "history": {name: [float(x) for x in xs] for name, xs in history.history.items()},
    }


class InferenceMode(keras.layers.Layer):
    """Runs a part of the network in inference mode, also while `fit` trains it.

    `part(inputs, training=False)` in a functional model does not hold: Keras 3.12's `fit`
    passes its own `training=True` down to every node of the graph, and BatchNorm would lose its
    pretrained statistics.

    Args:
        part: A model; its weights stay trainable where they are.
    """

    def __init__(self, part: keras.Model):
        super().__init__(name=f"{part.name}_in_inference_mode")
        self.part = part

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The part's output."""
        return self.part(inputs, training=False)


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
        tail.compile(loss=_loss(), metrics=["sparse_categorical_accuracy"], jit_compile=False)

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


def build_optimizer(settings: OptimizerSettings, steps: int) -> keras.optimizers.Optimizer:
    """Builds a stage's optimizer.

    Args:
        settings: Its name, rate and schedule.
        steps: Training steps of the whole stage, over which a cosine schedule falls to zero.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, decay_steps=steps)
    decay = settings.weight_decay or None
    if settings.name == "adam":
        return keras.optimizers.Adam(rate, weight_decay=decay)
    if settings.name == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    if settings.name == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    return keras.optimizers.SGD(rate, momentum=0.9)


def _build_tail(network: Network, cut: Cut) -> keras.Model:
    """The trained part and the head: stored features to logits."""
    shape = (cut.frozen.output_shape if cut.frozen else network.body.input_shape)[1:]
    features = keras.Input(shape, name="features")
    pooled = features if cut.trained is None else InferenceMode(cut.trained)(features)
    return keras.Model(features, network.head(pooled), name="tail")


def _build_training(
    stage: StageSettings,
    network: Network,
    cut: Cut,
    tail: keras.Model,
    frozen: FrozenPart | None,
    pictures: Pictures,
    settings: TrainerSettings,
) -> tuple[keras.Model, FeatureBatches | tf.data.Dataset]:
    """The model that is fitted, and the batches it is fitted to."""
    if stage.augmentation.is_off and frozen:
        features = _features(frozen, pictures, pictures.train, settings, "training")
        return tail, FeatureBatches(
            features, pictures.train.label_ids, settings.batch_size, settings.seed
        )
    inputs = keras.Input(network.body.input_shape[1:], name="pictures")
    changed = inputs
    for layer in build_augmentation(stage.augmentation, network.scale, settings.seed):
        changed = layer(changed)
    features = changed if cut.frozen is None else InferenceMode(cut.frozen)(changed)
    batches = read_pictures(pictures.train, pictures.parse, settings.batch_size, settings.seed)
    return keras.Model(inputs, tail(features), name="augmented"), batches


def _validation_batches(
    frozen: FrozenPart | None, pictures: Pictures, settings: TrainerSettings
) -> FeatureBatches | tf.data.Dataset:
    """The validation split as the trained part reads it."""
    split = pictures.validation
    if frozen is None:
        return read_pictures(split, pictures.parse)
    features = _features(frozen, pictures, split, settings, "validation")
    return FeatureBatches(features, split.label_ids, _EVALUATION_BATCH_SIZE)


def _features(
    frozen: FrozenPart, pictures: Pictures, split: Split, settings: TrainerSettings, title: str
) -> np.ndarray:
    return compute_features(
        frozen,
        read_pictures(split, pictures.parse),
        len(split),
        settings.cache_bytes,
        pictures.cache_folder,
        title,
    )


def _loss() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _count(variables: list) -> int:
    return int(sum(np.prod(variable.shape) for variable in variables))
