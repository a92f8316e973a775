"""The `trainer` section: a list of stages, and what applies to all of them."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator
from typing_extensions import Doc

from components.settings import Settings
from trainer.data.augmentation import AugmentationSettings

Share = Annotated[float, Field(ge=0, le=1)]
# Strict: 2.0 is not a share, and not two layers either.
Freeze = StrictInt | Share | str


class OptimizerSettings(Settings):
    """A Keras optimizer and its learning rate."""

    name: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    """Optimizer, with Keras' defaults for everything but the rate (SGD: momentum 0.9)."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Highest learning rate of the stage (1e-3: Keras transfer-learning guide)."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Constant rate, or cosine decay to zero over the stage's epochs (arXiv:1608.03983)."""
    warmup_epochs: Annotated[float, Field(ge=0)] = 0.0
    """Epochs in which the rate rises from zero; 0 is off, 5 in arXiv:1706.02677."""
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decoupled weight decay per step, times the rate (arXiv:1711.05101)."""


class EarlyStoppingSettings(Settings):
    """When a stage ends before its epochs are over. The best epoch's weights always win."""

    patience: Annotated[int, Field(ge=1)]
    """Epochs without a better validation loss after which the stage ends."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """Smallest decrease of the validation loss that counts as better."""


class StageSettings(Settings):
    """One stage of training."""

    name: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_-]*$"),
        Doc("text: a lower-case letter, then lower-case letters, digits, - and _"),
    ]
    """Name of the stage in progress lines, logs and the summary."""
    freeze: Annotated[
        Freeze, Doc("all, none, auto, a share such as 0.7, a number of layers, or a layer's name")
    ] = "all"
    """Backbone layers that stay as they are, counted from the image; a named layer is the first
    that is trained, `auto` chooses by how many images there are and how similar to the
    backbone's own (see `trainer/stages/auto_freeze.py`)."""
    epochs: Annotated[int, Field(ge=1)] = 10
    """Maximum number of epochs of this stage."""
    optimizer: OptimizerSettings = OptimizerSettings()
    """Optimizer of this stage."""
    augmentation: AugmentationSettings = AugmentationSettings()
    """Random changes of the training images in this stage."""
    early_stopping: EarlyStoppingSettings | None = None
    """When to end early; empty trains all epochs."""

    @model_validator(mode="after")
    def _warms_up_in_time(self) -> "StageSettings":
        warmup = self.optimizer.warmup_epochs
        if warmup >= self.epochs:
            raise ValueError(
                "optimizer.warmup_epochs: allowed: less than the epochs of the stage, which are "
                f"{self.epochs}, or the rate never reaches learning_rate"
            )
        return self


class TrainerSettings(Settings):
    """How the model is trained: a list of stages."""

    batch_size: Annotated[int, Field(ge=1, le=65536)] = 32
    """Images per training step, on all devices together (32: Keras' default)."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of everything random in training."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each label spread over all classes; 0 is off, 0.1 in arXiv:1512.00567."""
    class_weights: Annotated[
        Literal["none", "auto"] | dict[str, Annotated[float, Field(gt=0)]],
        Doc("none, auto, or a weight for each class"),
    ] = "none"
    """Weight of each class in the loss; `auto` makes rare classes count as much as frequent ones:
    images / (classes x images of the class), as scikit-learn's `balanced`."""
    calibrate: bool = True
    """Divide the logits by a temperature that is fitted on the validation split, so that a score of
    0.9 is right in 9 of 10 cases; no label changes (arXiv:1706.04599)."""
    warm_start: bool = False
    """Start from the last blessed model that was trained on other images, if there is one."""
    mixed_precision: Literal["auto", "off", "bfloat16", "float16"] = "auto"
    """Type of the network's arithmetic; `auto` is 16 bits on GPUs made for it, 32 elsewhere."""
    distribution: Literal["auto", "one_device", "mirrored", "multi_worker"] = "auto"
    """`tf.distribute` strategy; `auto` takes every GPU of this machine, and all workers where
    `TF_CONFIG` names several."""
    cache_bytes: Annotated[int, Field(ge=0)] = 4 * 1024**3
    """Maximum memory for stored features, in bytes; past it they go to a file on disk."""
    stages: Annotated[tuple[StageSettings, ...], Field(min_length=1)] = (
        StageSettings(name="head"),
        StageSettings(
            name="fine-tune",
            freeze="none",
            epochs=5,
            optimizer=OptimizerSettings(learning_rate=1e-5),
        ),
    )
    """Stages, trained one after the other (1e-5 to fine-tune: Keras transfer-learning guide)."""

    @model_validator(mode="after")
    def _stage_names_differ(self) -> "TrainerSettings":
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"two stages have the same name: {', '.join(names)}")
        return self
