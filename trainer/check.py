"""Checks that the settings of a training fit each other, before any image is read.

The network is built and its weights are loaded, so that what Keras would refuse after an ingest of
hours, and a download that fails, come first.
"""

import keras

from components.errors import UserError
from trainer.network.freezing import find_first_trainable
from trainer.network.network import build_body
from trainer.network.settings import MisfitError, ModelSettings
from trainer.stages.settings import TrainerSettings


def check_training(model: ModelSettings, trainer: TrainerSettings, image_size: int) -> None:
    """Builds the network and finds the layers that each stage freezes.

    Args:
        model: The `model` section.
        trainer: The `trainer` section.
        image_size: Height and width of the images, in pixels.

    Raises:
        MisfitError: The weights are missing or fit another network, Keras cannot build the backbone
            with these settings, or it has no such layer.
    """
    try:
        body = build_body(model, image_size)
        for stage in trainer.stages:
            if stage.freeze != "auto":
                find_first_trainable(body, stage.freeze)
    except UserError as error:
        raise MisfitError(error.message, error.hint) from error
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise MisfitError(
            f"model: Keras cannot build {model.backbone} for images of {image_size} pixels: "
            f"{reason}"
        ) from error
    finally:
        # Names of layers are numbered: training counts from the start again.
        keras.backend.clear_session()
