"""One stage, put together: the model that `fit` trains, and the batches it reads.

A stage reads stored features where its frozen part is the same for every epoch, and images
elsewhere. `StageBuilder` plans this for all stages before the first one is trained.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from components.progress import report_note
from trainer.data.augmentation import build_augmentation
from trainer.data.batches import Batches, FeatureBatches, ImageBatches, Labels
from trainer.data.features import FeatureStore, LayerIndex, is_worth_storing
from trainer.data.input import ImageParser, Split, choose_inference_batch_size
from trainer.network.folding import InferenceMode
from trainer.network.freezing import (
    NetworkParts,
    find_feature_layer,
    find_first_trainable,
    freeze_below,
    split_network,
)
from trainer.network.network import Network
from trainer.stages.distributed_model import DistributedModel
from trainer.stages.settings import TrainerSettings

TRAIN, VALIDATION, TEST = "training", "validation", "test"


@dataclass(frozen=True)
class Images:
    """The images that the stages read.

    Attributes:
        train: The split that is trained on.
        validation: The split that chooses the best epoch.
        parse: Serialized examples to images, for `read_images`.
        class_weights: `[classes] float32`, the weight of each class in the training loss.
        cache_folder: Where features go that are too large for memory.
    """

    train: Split
    validation: Split
    parse: ImageParser
    class_weights: np.ndarray
    cache_folder: Path


@dataclass(frozen=True)
class StageModel:
    """One stage, ready to be fitted.

    Attributes:
        model: What is fitted: the tail, or augmentation, frozen part and tail.
        tail: The trained part with the head, from features to logits.
        train: The batches that `model` reads.
        validation: The batches that `tail` reads.
    """

    model: keras.Model
    tail: keras.Model
    train: Batches
    validation: Batches


class StageBuilder:
    """Builds the stages of a network one after the other.

    Layers are frozen and unfrozen in place; the settings no longer have `freeze: auto` (see
    `resolve_auto_freeze`).
    """

    def __init__(self, network: Network, images: Images, settings: TrainerSettings) -> None:
        self._network = network
        self._images = images
        self._settings = settings
        self._inference_batch_size = choose_inference_batch_size(
            network.body.input_shape[1], settings.batch_size
        )
        self._store = FeatureStore(
            network.body,
            images.parse,
            settings.cache_bytes,
            images.cache_folder,
            self._inference_batch_size,
        )
        # For all stages before any is trained: an unknown layer is an error at once, and features
        # are computed once for all stages that can share them.
        self._first_trainable = [
            find_first_trainable(network.body, stage.freeze) for stage in settings.stages
        ]
        self._feature_layers = [
            self._choose_feature_layer(index) for index in range(len(settings.stages))
        ]

    def forget(self) -> None:
        """Frees all features."""
        self._store.forget(set())

    def freeze(self, index: int) -> None:
        """Freezes and unfreezes the network's layers as a stage's settings say."""
        freeze_below(self._network.body, self._first_trainable[index])

    def build(self, index: int) -> StageModel:
        """Builds one stage after `freeze`; those before it have been trained.

        Raises:
            UserError: The disk is too small for its features.
        """
        self._store.forget(self._reusable_features(index))
        parts = split_network(self._network.body, self._feature_layers[index])
        tail = self._build_tail(parts)
        train = self._train_batches(index, parts)
        reads_features = isinstance(train, FeatureBatches)
        model = tail if reads_features else self._build_augmented(index, parts, tail)
        return StageModel(model, tail, train, self._validation_batches(index, parts))

    def why_no_features(self) -> str:
        """Why the first stage does not train on stored features; empty where it does."""
        stage = self._settings.stages[0]
        if not stage.augmentation.is_off:
            return f"stage {stage.name} changes its images at random (augmentation)"
        if self._feature_layers[0] is None:
            return f"stage {stage.name} stores no features of a frozen part"
        return ""

    def first_features(self, test: Split) -> list[np.ndarray]:
        """The features of all splits by the frozen part of the first stage.

        Those of training and validation images are what the stage reads. Those of the test split
        are for looking at its labels, and no stage reads them.

        Args:
            test: The test split.

        Returns:
            Those of train, validation and test, each `[examples, ...] float32`.

        Raises:
            UserError: The disk is too small for them.
        """
        layer = self._feature_layers[0]
        assert layer is not None
        return [
            self._features(TRAIN, self._images.train, 0, layer),
            self._features(VALIDATION, self._images.validation, 0, layer),
            self._store.get(TEST, test, layer),
        ]

    def _build_tail(self, parts: NetworkParts) -> keras.Model:
        body = self._network.body
        shape = (parts.frozen.output_shape if parts.frozen else body.input_shape)[1:]
        features = keras.Input(shape, name="features")
        vector = features if parts.trained is None else InferenceMode(parts.trained)(features)
        return DistributedModel(features, self._network.head(vector), name="tail")

    def _build_augmented(self, index: int, parts: NetworkParts, tail: keras.Model) -> keras.Model:
        augmentation = self._settings.stages[index].augmentation
        inputs = keras.Input(self._network.body.input_shape[1:], name="images")
        images = inputs
        for layer in build_augmentation(augmentation, self._network.scale, self._seed(index)):
            images = layer(images)
        features = images if parts.frozen is None else InferenceMode(parts.frozen)(images)
        return DistributedModel(inputs, tail(features), name="augmented")

    def _train_batches(self, index: int, parts: NetworkParts) -> Batches:
        augmentation, split = self._settings.stages[index].augmentation, self._images.train
        batch_size, seed = self._settings.batch_size, self._seed(index)
        labels = Labels(split.label_ids, self._images.class_weights)
        if augmentation.is_off and parts.feature_layer is not None:
            features = self._features(TRAIN, split, index, parts.feature_layer)
            return FeatureBatches(features, labels, batch_size, seed)
        return ImageBatches(split, self._images.parse, labels, batch_size, seed, augmentation.mixup)

    def _validation_batches(self, index: int, parts: NetworkParts) -> Batches:
        """The validation split as the tail reads it, every example with the same weight."""
        split = self._images.validation
        labels = Labels(split.label_ids, np.ones(len(split.labels), np.float32))
        if parts.feature_layer is None:
            return ImageBatches(split, self._images.parse, labels, self._inference_batch_size)
        features = self._features(VALIDATION, split, index, parts.feature_layer)
        return FeatureBatches(features, labels, self._inference_batch_size)

    def _seed(self, index: int) -> int:
        """A seed for each stage: the same random changes in all would teach nothing new."""
        if index == 0:
            return self._settings.seed
        # Any two seeds and stages give different ones.
        return int(np.random.SeedSequence((self._settings.seed, index)).generate_state(1)[0])

    def _features(self, name: str, split: Split, index: int, layer: LayerIndex) -> np.ndarray:
        return self._store.get(name, split, layer, self._later_feature_layers(name, index))

    def _choose_feature_layer(self, index: int) -> LayerIndex | None:
        """The layer whose output a stage stores; None where it reads images."""
        body, stage = self._network.body, self._settings.stages[index]
        layer = find_feature_layer(body, self._first_trainable[index])
        if layer is None or is_worth_storing(body, layer):
            return layer
        if stage.augmentation.is_off:
            report_note(
                "Trainer",
                f"{stage.name}: the output of {body.layers[layer].name} is larger than the images "
                "and quick to compute: it is computed in each step, not stored",
            )
        return None

    def _reads_features(self, name: str, index: int) -> bool:
        """Whether a stage reads the stored features of a split, if there are any."""
        return name == VALIDATION or self._settings.stages[index].augmentation.is_off

    def _reusable_features(self, index: int) -> set[tuple[str, LayerIndex]]:
        """The features that stages from `index` on read and the stage before has not changed."""
        changed_from = self._first_trainable[index - 1] if index else math.inf
        return {
            (name, layer)
            for number, layer in enumerate(self._feature_layers[index:], start=index)
            if layer is not None and layer < changed_from
            for name in (TRAIN, VALIDATION)
            if self._reads_features(name, number)
        }

    def _later_feature_layers(self, name: str, index: int) -> tuple[LayerIndex, ...]:
        """Layers whose features later stages read and no stage until then changes."""
        later: list[LayerIndex] = []
        changed_from = self._first_trainable[index]
        for number in range(index + 1, len(self._feature_layers)):
            layer = self._feature_layers[number]
            if layer is not None and layer < changed_from and self._reads_features(name, number):
                later.append(layer)
            changed_from = min(changed_from, self._first_trainable[number])
        return tuple(later)
