"""One stage of training: what is frozen, what is trained, on which pictures, for how long."""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from trainer.augmentation import build_augmentation
from trainer.best_epoch import BestEpoch
from trainer.cut import Cut, cut_network, find_first_trainable, freeze_below
from trainer.features import FeatureBatches, FrozenPart, compute_features
from trainer.inference_mode import InferenceMode
from trainer.input import PictureParser, Split, read_pictures
from trainer.optimizer import build_loss, build_optimizer
from trainer.settings import StageSettings, TrainerSettings

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
        loss=build_loss(),
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


def _count(variables: list) -> int:
    return int(sum(np.prod(variable.shape) for variable in variables))
