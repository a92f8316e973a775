"""What a stage fits, and the batches it is fitted to: stored features, or images."""

import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from components.progress import report_note
from trainer.data.augmentation import build_augmentation
from trainer.data.batches import Batches, FeatureBatches, ImageBatches, Labels
from trainer.data.features import Boundary, FeatureStore, is_worth_storing
from trainer.data.input import ImageParser, Split, choose_inference_batch_size
from trainer.network.boundary import (
    Cut,
    cut_network,
    find_boundary,
    find_first_trainable,
    freeze_below,
)
from trainer.network.inference_mode import InferenceMode
from trainer.network.network import Network
from trainer.settings import TrainerSettings
from trainer.stages.distributed_model import DistributedModel

TRAIN, VALIDATION = "training", "validation"


@dataclass(frozen=True)
class Images:
    """What the stages read.

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
        train: What `model` reads.
        validation: What `tail` reads.
    """

    model: keras.Model
    tail: keras.Model
    train: Batches
    validation: Batches


class StageBuilder:
    """Builds the stages of a network one after the other.

    Args:
        network: The model; its layers are frozen and unfrozen in place.
        images: What is read.
        settings: The `trainer` section; its `freeze: auto` have been decided.
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
        # Known before anything is trained: a layer that is not there is told now, and features are
        # computed once for all stages that can share them.
        self._first_trainable = [
            find_first_trainable(network.body, stage.freeze) for stage in settings.stages
        ]
        self._boundaries = [self._find_boundary(stage) for stage in range(len(settings.stages))]

    def freeze(self, index: int) -> None:
        """Freezes and unfreezes the network's layers as one stage wants them."""
        freeze_below(self._network.body, self._first_trainable[index])

    def build(self, index: int) -> StageModel:
        """Builds one stage after `freeze`; those before it have been trained.

        Raises:
            UserError: The disk has no room for its features.
        """
        self._store.forget(self._still_valid(index))
        cut = cut_network(self._network.body, self._boundaries[index])
        tail = self._build_tail(cut)
        train = self._train_batches(index, cut)
        model = tail if isinstance(train, FeatureBatches) else self._augment(index, cut, tail)
        return StageModel(model, tail, train, self._validation_batches(index, cut))

    def _find_boundary(self, index: int) -> Boundary | None:
        """Where a stage's features are; None where it reads images."""
        body, stage = self._network.body, self._settings.stages[index]
        boundary = find_boundary(body, self._first_trainable[index])
        if boundary is None or is_worth_storing(body, boundary):
            return boundary
        if stage.augmentation.is_off:
            report_note(
                "Trainer",
                f"{stage.name}: what {body.layers[boundary].name} puts out takes more room than "
                "the images and is quick to compute: it is computed in each step, not stored",
            )
        return None

    def _seed(self, index: int) -> int:
        """A seed of each stage's own: the same changes in all of them would teach nothing new."""
        if index == 0:
            return self._settings.seed
        # Any two seeds and stages give different ones.
        return int(np.random.SeedSequence((self._settings.seed, index)).generate_state(1)[0])

    def _reads(self, title: str, index: int) -> bool:
        """Whether a stage reads the stored features of a split, if there are any."""
        return title == VALIDATION or self._settings.stages[index].augmentation.is_off

    def _still_valid(self, index: int) -> set[tuple[str, Boundary]]:
        """What stages from `index` on read and the stage before it has not changed."""
        changed_from = self._first_trainable[index - 1] if index else math.inf
        return {
            (title, boundary)
            for number, boundary in enumerate(self._boundaries[index:], start=index)
            if boundary is not None and boundary < changed_from
            for title in (TRAIN, VALIDATION)
            if self._reads(title, number)
        }

    def _read_later(self, title: str, index: int) -> tuple[Boundary, ...]:
        """What later stages read of a split, of features that no stage until then changes."""
        later: list[Boundary] = []
        changed_from = self._first_trainable[index]
        for number in range(index + 1, len(self._boundaries)):
            boundary = self._boundaries[number]
            is_read = self._reads(title, number)
            if boundary is not None and boundary < changed_from and is_read:
                later.append(boundary)
            changed_from = min(changed_from, self._first_trainable[number])
        return tuple(later)

    def _build_tail(self, cut: Cut) -> keras.Model:
        body = self._network.body
        shape = (cut.frozen.output_shape if cut.frozen else body.input_shape)[1:]
        features = keras.Input(shape, name="features")
        vector = features if cut.trained is None else InferenceMode(cut.trained)(features)
        return DistributedModel(features, self._network.head(vector), name="tail")

    def _train_batches(self, index: int, cut: Cut) -> Batches:
        stage, split = self._settings.stages[index], self._images.train
        batch_size, seed = self._settings.batch_size, self._seed(index)
        labels = Labels(split.label_ids, self._images.class_weights)
        if stage.augmentation.is_off and cut.boundary is not None:
            features = self._features(TRAIN, split, index, cut.boundary)
            return FeatureBatches(features, labels, batch_size, seed)
        mixup = stage.augmentation.mixup
        return ImageBatches(split, self._images.parse, labels, batch_size, seed, mixup)

    def _validation_batches(self, index: int, cut: Cut) -> Batches:
        """The validation split as the tail reads it; every class counts by its images there."""
        split = self._images.validation
        labels = Labels(split.label_ids, np.ones(len(split.labels), np.float32))
        if cut.boundary is None:
            return ImageBatches(split, self._images.parse, labels, self._inference_batch_size)
        features = self._features(VALIDATION, split, index, cut.boundary)
        return FeatureBatches(features, labels, self._inference_batch_size)

    def _features(self, title: str, split: Split, index: int, boundary: Boundary) -> np.ndarray:
        return self._store.get(title, split, boundary, self._read_later(title, index))

    def _augment(self, index: int, cut: Cut, tail: keras.Model) -> keras.Model:
        stage = self._settings.stages[index]
        inputs = keras.Input(self._network.body.input_shape[1:], name="images")
        changed = inputs
        for layer in build_augmentation(stage.augmentation, self._network.scale, self._seed(index)):
            changed = layer(changed)
        features = changed if cut.frozen is None else InferenceMode(cut.frozen)(changed)
        return DistributedModel(inputs, tail(features), name="augmented")
