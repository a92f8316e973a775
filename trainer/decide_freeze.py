"""`freeze: auto`, decided: measured on the network, written into the settings."""

import math

import keras
import numpy as np

from components.progress import report_note
from trainer.auto_freeze import MIDDLE, choose_freeze, measure_similarity
from trainer.cut import find_boundary
from trainer.features import FrozenPart
from trainer.input import PictureParser, Split, choose_inference_batch_size, read_pictures
from trainer.model_settings import ModelSettings
from trainer.network import Network
from trainer.settings import TrainerSettings

_SAMPLE = 1000
"""Training pictures that similarity is measured on. They stand in the order of their hashes, so
that the first ones are a random sample."""


def decide_freeze(
    settings: TrainerSettings,
    model: ModelSettings,
    network: Network,
    train: Split,
    parse: PictureParser,
) -> tuple[TrainerSettings, dict[str, str]]:
    """Replaces each `freeze: auto` by what it comes to.

    Args:
        settings: The `trainer` section.
        model: The `model` section.
        network: With its pretrained weights.
        train: The training split.
        parse: Serialized examples to pictures.

    Returns:
        The settings without `auto`, and for each of the stages that had it why so much is frozen.
    """
    names = [stage.name for stage in settings.stages if stage.freeze == "auto"]
    if not names:
        return settings, {}
    # Random weights know nothing that is worth keeping.
    similarity = (
        0.0 if model.weights == "none" else _measure(network, train, parse, settings.batch_size)
    )
    choice = choose_freeze(len(train), len(train.labels), similarity)
    report_note("Trainer", f"freeze: auto: {choice.reason}")
    stages = tuple(
        stage.model_copy(update={"freeze": choice.share}) if stage.name in names else stage
        for stage in settings.stages
    )
    return settings.model_copy(update={"stages": stages}), dict.fromkeys(names, choice.reason)


def _measure(network: Network, train: Split, parse: PictureParser, batch_size: int) -> float:
    vectors = [network.body.outputs[0], *_pool_middle(network.body)]
    part = FrozenPart(
        keras.Model(network.body.inputs[0], keras.layers.Concatenate(dtype="float32")(vectors))
    )
    size = choose_inference_batch_size(network.body.input_shape[1], batch_size)
    batches = read_pictures(train, parse, size).take(math.ceil(_SAMPLE / size))
    features = np.concatenate([part(pictures).numpy() for pictures, _ in batches])
    ends = np.cumsum([vector.shape[-1] for vector in vectors])[:-1]
    top, *middles = np.split(features, ends, axis=1)
    return measure_similarity(top, middles, train.label_ids[: len(features)])


def _pool_middle(body: keras.Model) -> list[keras.KerasTensor]:
    """What the layers above the middle read, as vectors: its mean, and the means of its quarters.

    The quarters keep a trace of where things are, which tells digits apart and flowers not.
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
    """The layer that tells most of what passes through the middle.

    Of those between the first third and `MIDDLE` that all later layers are computed from, the one
    with the most channels: a narrow one (MobileNetV2's projections) is widened again by the next.
    NASNet has none there, since each of its cells reads two others; its stem stands in.
    """
    count = len(body.layers)
    found = {find_boundary(body, index) for index in range(count // 3, int(MIDDLE * count) + 1)}
    boundaries = [boundary for boundary in found if boundary is not None]
    return max(boundaries, key=lambda at: (body.layers[at].output.shape[-1], at), default=1)
