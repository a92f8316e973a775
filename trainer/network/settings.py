"""The `model` section: a pretrained backbone and the head on top of it."""

import difflib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from typing_extensions import Doc

from components.errors import UserError
from components.settings import Settings, require_local
from trainer.network.backbones import BACKBONES

NAMED_WEIGHTS = ("imagenet", "bundled", "none")


class MisfitError(UserError):
    """Settings that do not fit each other or the weights: a mistake in the configuration."""


class ModelSettings(Settings):
    """A pretrained backbone and the head that is put on it."""

    backbone: Annotated[str, Doc("name of a model")] = "MobileNetV2"
    """Name of the backbone in `keras.applications`."""
    weights: Annotated[str, Doc("imagenet, bundled, none, or a file")] = "imagenet"
    """`imagenet` (downloaded by Keras), a FILE of weights, `bundled` (letters), or `none`."""
    alpha: Annotated[float, Field(gt=0, le=2)] | None = None
    """Width multiplier of a MobileNet; empty is 1.0. Other backbones have none."""
    include_top: bool = False
    """Keep the pretrained network's own top, all but its last layer (VGG16: fc1 and fc2)."""
    output_layer: Annotated[str, Doc("a layer's name")] | None = None
    """Backbone layer whose output the head reads; empty takes the last one."""
    pooling: Literal["avg", "max", "flatten"] = "avg"
    """How a feature map becomes one vector: global average, global maximum, or all of it."""
    batch_norm: bool = False
    """Normalize the vector (BatchNormalization) before anything else of the head."""
    hidden_units: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Sizes of fully connected ReLU layers between the vector and the logits; empty has none."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of features dropped before the logits (0.2: Keras transfer-learning guide)."""
    activation: Literal["softmax", "sigmoid"] = "softmax"
    """`softmax`: a logit for each class; `sigmoid`: one logit, for two classes."""

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
        if self.weights == "bundled" and (
            (self.backbone, self.alpha, self.include_top) != ("MobileNetV2", 0.35, False)
        ):
            top = ", with its top" if self.include_top else ""
            raise ValueError(
                "weights: these fit only backbone MobileNetV2 with alpha 0.35, without its top; "
                f"this is {self.backbone} with alpha {self.alpha or 1.0}{top}"
            )
        return self
