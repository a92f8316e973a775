"""The `model` and `trainer` sections: what is trained, and how."""

import difflib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from typing_extensions import Doc

from components.settings import Settings, require_local
from trainer.backbones import BACKBONES

NAMED_WEIGHTS = ("imagenet", "bundled", "none")


class ModelSettings(Settings):
    """A pretrained backbone and the head that is put on it."""

    backbone: Annotated[str, Doc("name of a model")] = "MobileNetV2"
    """Name of the backbone in `keras.applications`."""
    weights: Annotated[str, Doc("imagenet, bundled, none, or a file")] = "imagenet"
    """`imagenet` (downloaded by Keras), a FILE of weights, `bundled` (letters), or `none`."""
    alpha: Annotated[float, Field(gt=0, le=2)] | None = None
    """Width multiplier of a MobileNet; empty is 1.0. Other backbones have none."""
    pooling: Literal["avg", "max", "flatten"] = "avg"
    """How the last feature map becomes one vector: global average, global maximum, or all of it."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of features dropped before the logits (0.2: Keras transfer-learning guide)."""

    @field_validator("backbone")
    @classmethod
    def _backbone_is_known(cls, backbone: str) -> str:
        if backbone not in BACKBONES:
            names = {name.lower(): name for name in BACKBONES}
            close = difflib.get_close_matches(backbone.lower(), names, n=1)
            guess = f" Did you mean {names[close[0]]}?" if close else ""
            raise ValueError(f"unknown backbone.{guess} Allowed: {', '.join(BACKBONES)}")
        return backbone

    @field_validator("weights")
    @classmethod
    def _weights_exist(cls, weights: str, info: ValidationInfo) -> str:
        checks_paths = (info.context or {}).get("check_paths", True)
        if weights in NAMED_WEIGHTS:
            return weights
        require_local(weights)
        if not checks_paths:
            return weights
        if not Path(weights).is_file():
            raise ValueError(
                f"no such file: {Path(weights).absolute()}; "
                f"allowed: {', '.join(NAMED_WEIGHTS)}, or a weights file made by Keras"
            )
        return weights

    @model_validator(mode="after")
    def _fits_together(self) -> "ModelSettings":
        if self.alpha is not None and not BACKBONES[self.backbone].has_alpha:
            with_alpha = ", ".join(name for name, row in BACKBONES.items() if row.has_alpha)
            raise ValueError(f"alpha: {self.backbone} has no width multiplier; {with_alpha} do")
        if self.weights == "bundled" and (self.backbone, self.alpha) != ("MobileNetV2", 0.35):
            raise ValueError(
                "weights: these fit only backbone MobileNetV2 with alpha 0.35; "
                f"this is {self.backbone} with alpha {self.alpha or 1.0}"
            )
        return self


class OptimizerSettings(Settings):
    """A Keras optimizer and its learning rate."""

    name: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    """Optimizer, with Keras' defaults for everything but the rate (SGD: momentum 0.9)."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Learning rate at the start of the stage (1e-3: Keras transfer-learning guide)."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Constant rate, or cosine decay to zero over the stage's epochs (arXiv:1608.03983)."""
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decoupled weight decay per step (arXiv:1711.05101); not used with rmsprop and sgd."""


class AugmentationSettings(Settings):
    """Random changes of the training pictures. All off: features are computed only once."""

    horizontal_flip: bool = False
    """Mirror half of the pictures left to right."""
    rotation: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Largest rotation either way, as a share of a full turn (keras.layers.RandomRotation)."""
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest zoom in or out, as a share of the size (keras.layers.RandomZoom)."""
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest change of contrast, as a share (keras.layers.RandomContrast)."""

    @property
    def is_off(self) -> bool:
        """Whether pictures pass unchanged."""
        return not (self.horizontal_flip or self.rotation or self.zoom or self.contrast)


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
    unfreeze_from: Annotated[str | int, Doc("none, all, a layer's name, or its index")] = "none"
    """First trainable backbone layer: `none` (all frozen), `all`, a layer's name or its index."""
    epochs: Annotated[int, Field(ge=1)] = 10
    """Most epochs of this stage."""
    optimizer: OptimizerSettings = OptimizerSettings()
    """Optimizer of this stage."""
    augmentation: AugmentationSettings = AugmentationSettings()
    """Random changes of the training pictures in this stage."""
    early_stopping: EarlyStoppingSettings | None = None
    """When to end early; empty trains all epochs."""


class TrainerSettings(Settings):
    """How the model is trained: a list of stages."""

    batch_size: Annotated[int, Field(ge=1, le=65536)] = 32
    """Pictures per training step (32: Keras' default)."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of everything random in training."""
    cache_bytes: Annotated[int, Field(ge=0)] = 4 * 1024**3
    """Most memory for features computed once, in bytes; past it they go to a file on disk."""
    stages: Annotated[tuple[StageSettings, ...], Field(min_length=1)] = (
        StageSettings(name="head"),
        StageSettings(
            name="fine-tune",
            unfreeze_from="all",
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
