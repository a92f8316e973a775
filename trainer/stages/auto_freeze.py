"""`freeze: auto`: how much of the backbone stays frozen, from how many images and how similar.

The four cases are those of Stanford's CS231n notes "Transfer Learning"
(cs231n.github.io/transfer-learning):

                few images         many images
    similar     all frozen           70 % frozen
    different   40 % frozen          nothing frozen

*Many* is a count: as many images per class as ImageNet has of most of its classes.

*Similar* is measured, in the notes' own sense: the upper layers of a network are specific to its
source domain, the lower ones fit any image. If the source is similar, the upper layers separate
the new classes better than the middle ones; if it is different, they have lost information that the
middle still has. So one linear classifier reads the frozen top and another the frozen middle (40 %
of the layers up, where training would start for a small and different set), as in Alain and
Bengio's linear probes (arXiv:1610.01644). The similarity is the share of the middle's mistakes that
the top does not make. It needs no learning rate, no epochs and no validation split: ridge
regression predicts each image's class as if that image had been left out, in closed form (Allen's
PRESS, 1974).

Measured on 800 images of 96 pixels (last row: 32) and MobileNetV2 0.35. "k-NN" is the
k-nearest-neighbour accuracy of the top's features corrected for chance (arXiv:1805.01978), tried
first: it measures how separable the classes are, and digits are so for an untrained network,
too (0.83). "Frozen" is the test accuracy of a linear classifier on the top of 600 training
images, "gain" what fine-tuning added to it (10 epochs of Adam, the best of rates 3e-5 and 3e-4
and of 0 and 40 % frozen, chosen on the 149 to 800 test images: good to about 0.02).

    weights    set              top wrong   middle wrong   similarity   k-NN   frozen     gain
    ImageNet   cats and dogs        0.121          0.196         0.38   0.68    0.865   +0.018
    ImageNet   flowers              0.210          0.278         0.24   0.70    0.825   +0.008
    ImageNet   filtered noise       0.189          0.151         0      0.68    0.832   +0.050
    ImageNet   drawn cells          0.172          0.064         0      0.65    0.810   +0.057
    ImageNet   gratings             0.134          0.064         0      0.68    0.857   +0.080
    ImageNet   spectrograms         0.468          0.359         0      0.26    0.513   +0.027
    ImageNet   printed letters      0.182          0.043         0      0.68    0.812   +0.047
    ImageNet   scanned digits       0.065          0.015         0      0.88    0.900    0.000
    letters    scanned digits       0.035          0.015         0      0.95    0.965   +0.028

The threshold is from 800 images per set at 32 to 160 pixels, MobileNetV2 1.0 and 0.35 and MobileNet
0.25 with ImageNet's weights and the bundled letters: the 13 sets of the source's kind (cats and
dogs, flowers; letters for letters) had 0.14 to 0.82, the 27 others, untrained networks among them,
0, and shuffled labels 0.08 at most. From 200 images a figure is uncertain by about 0.1. Other
backbones were not measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from components.progress import report_note
from trainer.data.features import FrozenPart
from trainer.data.input import ImageParser, Split, choose_inference_batch_size, read_images
from trainer.network.freezing import find_feature_layer
from trainer.network.network import Network
from trainer.network.settings import ModelSettings
from trainer.stages.settings import TrainerSettings

MANY_IMAGES = 1000
"""Training images per class from which on they are many (ImageNet's 2012 challenge had 732 to 1,300
of each class: Russakovsky et al., arXiv:1409.0575)."""
MIDDLE = 0.4
"""Share of the layers below the middle, which stays frozen for few, different images."""
SIMILAR_FROM = 0.1
"""Similarity from which on a set is similar: between the two kinds of sets above."""
_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Ridge penalties to choose from, as shares of the mean squared length of a row of features."""
_SAMPLE_SIZE = 1000
"""Training images that similarity is measured on: the first ones. They are a random sample, as the
files are in the order of the images' hashes."""


@dataclass(frozen=True)
class FreezeChoice:
    """The share of layers to freeze, from the image on, and in a sentence what was measured."""

    share: float
    reason: str


def resolve_auto_freeze(
    settings: TrainerSettings,
    model: ModelSettings,
    network: Network,
    train: Split,
    parse: ImageParser,
) -> tuple[TrainerSettings, dict[str, str]]:
    """Replaces each `freeze: auto` with a share of the layers; also returns why, by stage.

    The network has its pretrained weights.
    """
    names = [stage.name for stage in settings.stages if stage.freeze == "auto"]
    if not names:
        return settings, {}
    # Random weights are similar to nothing.
    similarity = (
        0.0
        if model.weights == "none"
        else _measure_network(network, train, parse, settings.batch_size)
    )
    choice = choose_freeze(len(train), len(train.labels), similarity)
    report_note("Trainer", f"freeze: auto: {choice.reason}")
    stages = tuple(
        stage.model_copy(update={"freeze": choice.share}) if stage.name in names else stage
        for stage in settings.stages
    )
    return settings.model_copy(update={"stages": stages}), dict.fromkeys(names, choice.reason)


def choose_freeze(images: int, classes: int, similarity: float) -> FreezeChoice:
    """Chooses one of the four cases; `similarity` is 0 for a backbone without pretraining."""
    per_class = images / classes
    is_many, is_similar = per_class >= MANY_IMAGES, similarity >= SIMILAR_FROM
    share, consequence = {
        (False, True): (1.0, "the whole backbone stays frozen"),
        (True, True): (0.7, "the first 70 % of the layers stay frozen"),
        (False, False): (MIDDLE, "the first 40 % of the layers stay frozen"),
        (True, False): (0.0, "nothing is frozen"),
    }[is_many, is_similar]
    reason = (
        f"{'many' if is_many else 'few'} images ({int(per_class):,} a class; many is "
        f"{MANY_IMAGES:,} or more), {'similar to' if is_similar else 'different from'} the "
        f"backbone's own (similarity {similarity:.2f}; similar is {SIMILAR_FROM} or more): "
        f"{consequence}"
    )
    return FreezeChoice(share, reason)


def measure_similarity(
    top: np.ndarray, middles: Sequence[np.ndarray], label_ids: np.ndarray
) -> float:
    """The share of the middle's mistakes that the top of a frozen network does not make.

    Args:
        top: `[images, features] float32`, what the head reads; of 2,000 images at most, since
            each is compared with each.
        middles: Of the same images, what the layers above the middle read, pooled in one or more
            ways, each `[images, features] float32`; the best one counts.
        label_ids: `[images] int64`.

    Returns:
        From 0.0 (the top makes as many mistakes as the middle, or more) to 1.0 (it makes none).
    """
    wrong = count_mistakes(top, label_ids)
    if wrong == 0:
        return 1.0
    wrong_in_the_middle = min(count_mistakes(middle, label_ids) for middle in middles)
    return max(0.0, 1 - wrong / wrong_in_the_middle) if wrong_in_the_middle else 0.0


def count_mistakes(features: np.ndarray, label_ids: np.ndarray) -> int:
    """Counts the leave-one-out mistakes of a linear classifier.

    One ridge regression per class, on standardized features, with an unpenalized intercept; the
    penalty is the one with the smallest left-out squared error.

    Args:
        features: `[images, features] float32`.
        label_ids: `[images] int64`.
    """
    rows = _standardize(features)
    targets = np.eye(label_ids.max() + 1)[label_ids]
    centred = targets - targets.mean(axis=0)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    values = np.maximum(values, 0)
    projected = vectors.T @ centred
    left_out, smallest = targets, np.inf
    for penalty in _PENALTIES:
        shrinkage = values / (values + penalty)
        residuals = centred - vectors @ (shrinkage[:, None] * projected)
        # 1 / images is the intercept's part of an image's leverage on its own prediction.
        leverage = (vectors**2) @ shrinkage + 1 / len(rows)
        errors = residuals / np.maximum(1 - leverage, 1e-9)[:, None]
        if (errors**2).mean() < smallest:
            left_out, smallest = targets - errors, (errors**2).mean()
    return int((left_out.argmax(axis=1) != label_ids).sum())


def _standardize(features: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1 (less for features that hardly vary), rows of mean squared length 1."""
    rows = features.astype(np.float64)
    rows -= rows.mean(axis=0)
    spread = rows.std()
    if spread == 0:
        return rows
    rows /= rows.std(axis=0) + 0.01 * spread
    return rows / np.sqrt((rows**2).sum(axis=1).mean())


def _measure_network(network: Network, train: Split, parse: ImageParser, batch_size: int) -> float:
    vectors = [network.body.outputs[0], *_pool_middle(network.body)]
    part = FrozenPart(
        keras.Model(network.body.inputs[0], keras.layers.Concatenate(dtype="float32")(vectors))
    )
    size = choose_inference_batch_size(network.body.input_shape[1], batch_size)
    batches = read_images(train, parse, size).take(math.ceil(_SAMPLE_SIZE / size))
    features = np.concatenate([part(images).numpy() for images, _ in batches])
    ends = np.cumsum([vector.shape[-1] for vector in vectors])[:-1]
    top, *middles = np.split(features, ends, axis=1)
    return measure_similarity(top, middles, train.label_ids[: len(features)])


def _pool_middle(body: keras.Model) -> list[keras.KerasTensor]:
    """What the layers above the middle read, as vectors: its mean, and the means of its quarters.

    The quarters keep some of the position, which separates digits, though not flowers.
    """
    middle = body.layers[_find_middle(body)].output
    if len(middle.shape) != 4:
        return [keras.layers.Flatten()(middle)]
    vectors = [keras.layers.GlobalAveragePooling2D()(middle)]
    height, width = middle.shape[1:3]
    if min(height, width) > 1:
        size, step = (height - height // 2, width - width // 2), (height // 2, width // 2)
        vectors.append(keras.layers.Flatten()(keras.layers.AveragePooling2D(size, step)(middle)))
    return vectors


def _find_middle(body: keras.Model) -> int:
    """The layer with most of the information in the middle.

    Of those between the first third and `MIDDLE` that all later layers are computed from, it is the
    one with the most channels: a narrow one (MobileNetV2's projections) is widened again by the
    next. NASNet has none there, since each of its cells reads two others; its stem is used.
    """
    count = len(body.layers)
    firsts = range(count // 3, int(MIDDLE * count) + 1)
    layers = {find_feature_layer(body, first) for first in firsts}
    candidates = [layer for layer in layers if layer is not None]
    return max(candidates, key=lambda at: (body.layers[at].output.shape[-1], at), default=1)
