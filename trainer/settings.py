"""The `trainer` section: a list of stages, and what holds for all of them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Doc

from components.settings import Settings
from trainer.stage_settings import OptimizerSettings, StageSettings


class TrainerSettings(Settings):
    """How the model is trained: a list of stages."""

    batch_size: Annotated[int, Field(ge=1, le=65536)] = 32
    """Pictures per training step, on all devices together (32: Keras' default)."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 1
    """Seed of everything random in training."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each label spread over all classes; 0 is off, 0.1 in arXiv:1512.00567."""
    class_weights: Annotated[
        Literal["none", "auto"] | dict[str, Annotated[float, Field(gt=0)]],
        Doc("none, auto, or a weight for each class"),
    ] = "none"
    """Weight of each class in the loss; `auto` makes rare classes count as much as frequent ones:
    pictures / (classes x pictures of the class), as scikit-learn's `balanced`."""
    warm_start: bool = False
    """Start from the last blessed model that was trained on other pictures, if there is one."""
    mixed_precision: Literal["auto", "off", "bfloat16", "float16"] = "auto"
    """Type of the network's arithmetic; `auto` is 16 bits on GPUs made for it, 32 elsewhere."""
    distribution: Literal["auto", "one_device", "mirrored", "multi_worker"] = "auto"
    """`tf.distribute` strategy; `auto` takes every GPU of this machine, and all workers where
    `TF_CONFIG` names several."""
    cache_bytes: Annotated[int, Field(ge=0)] = 4 * 1024**3
    """Most memory for features computed once, in bytes; past it they go to a file on disk."""
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
