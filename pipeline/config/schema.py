"""The whole configuration, composed of the sections of every package."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components.evaluator.settings import GateSettings
from components.example_gen.settings import DataSettings
from components.pusher.settings import PushSettings
from components.serving_check.settings import ServingCheckSettings
from components.settings import Settings, require_local
from components.transform.settings import TransformSettings
from pipeline.config.beam import BeamSettings
from pipeline.config.kubeflow.settings import KubeflowSettings
from trainer.network.backbones import BACKBONES
from trainer.network.settings import ModelSettings
from trainer.stages.settings import TrainerSettings


class MetadataSettings(Settings):
    """Where ML Metadata stores what ran, with which inputs and outputs."""

    path: Annotated[str | None, AfterValidator(require_local)] = None
    """SQLite file; empty is `WORKSPACE/metadata.sqlite`."""


class PipelineConfig(Settings):
    """Everything that a run depends on, except the images themselves."""

    data: Annotated[DataSettings, Field(examples=[{"path": "FOLDER"}])]
    """Images and splits."""
    transform: TransformSettings = TransformSettings()
    """Decoding, resizing and scaling."""
    model: ModelSettings = ModelSettings()
    """Backbone and head."""
    trainer: TrainerSettings = TrainerSettings()
    """Training."""
    gate: Annotated[GateSettings, Field(examples=[{"min_accuracy": 0.9}])]
    """What a model must reach to be pushed."""
    serving_check: ServingCheckSettings = ServingCheckSettings()
    """What the exported model must pass before it is pushed."""
    push: Annotated[PushSettings, Field(examples=[{"model_name": "flowers"}])]
    """Where models are pushed to."""
    beam: BeamSettings = BeamSettings()
    """How Beam processes the data."""
    metadata: MetadataSettings = MetadataSettings()
    """The metadata store."""
    kubeflow: KubeflowSettings | None = None
    """The Kubeflow cluster."""

    @field_validator("model")
    @classmethod
    def _backbone_takes_image_size(
        cls, model: ModelSettings, info: ValidationInfo
    ) -> ModelSettings:
        transform: TransformSettings | None = info.data.get("transform")
        row = BACKBONES[model.backbone]
        smallest = row.min_image_size
        if transform and transform.image_size and transform.image_size < smallest:
            raise ValueError(
                f"backbone: needs images of at least {smallest} pixels; "
                f"transform.image_size is {transform.image_size}"
            )
        if (
            transform
            and transform.image_size not in (None, row.image_size)
            and model.include_top
            and row.has_dense_top
        ):
            raise ValueError(
                f"include_top: the fully connected layers of {model.backbone} take images of "
                f"{row.image_size} pixels only; transform.image_size is {transform.image_size}"
            )
        return model

    @property
    def image_size(self) -> int:
        """Height and width of the model's input in pixels: the configured or the backbone's own."""
        return self.transform.image_size or BACKBONES[self.model.backbone].image_size
