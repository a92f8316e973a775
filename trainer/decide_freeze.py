"""`freeze: auto`, decided: measured on the network, written into the settings."""

import math

import numpy as np

from components.progress import report_note
from trainer.auto_freeze import choose_freeze, measure_similarity
from trainer.features import FrozenPart
from trainer.input import READ_BATCH_SIZE, PictureParser, Split, read_pictures
from trainer.model_settings import ModelSettings
from trainer.network import Network
from trainer.settings import TrainerSettings

_SAMPLE = 2000
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
    similarity = 0.0 if model.weights == "none" else _measure(network, train, parse)
    choice = choose_freeze(len(train), len(train.labels), similarity)
    report_note("Trainer", f"freeze: auto: {choice.reason}")
    stages = tuple(
        stage.model_copy(update={"freeze": choice.share}) if stage.name in names else stage
        for stage in settings.stages
    )
    return settings.model_copy(update={"stages": stages}), dict.fromkeys(names, choice.reason)


def _measure(network: Network, train: Split, parse: PictureParser) -> float:
    part = FrozenPart(network.body)
    batches = read_pictures(train, parse).take(math.ceil(_SAMPLE / READ_BATCH_SIZE))
    features = np.concatenate([part(pictures).numpy() for pictures, _ in batches])
    label_ids = train.label_ids[: len(features)]
    return measure_similarity(features, label_ids, len(train.labels))
