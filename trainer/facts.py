"""What the Trainer reports: what each stage of training reached."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from components import storage
from components.artifacts import TRAINING_FILE
from components.facts import Facts, Metrics, Outputs
from components.format import count, share


class StageFacts(BaseModel):
    """One stage; see `pipeline.run.summary.StageSummary` for the fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    epochs: int | None = None
    best_epoch: int | None = None
    seconds: float | None = None
    validation_accuracy: float | None = None
    layers: int | None = None
    trainable_layers: int | None = None
    freeze_reason: str | None = None
    trainable_parameters: int | None = None
    total_parameters: int | None = None


class TrainerFacts(Facts):
    """The stages of training, in order."""

    stages: tuple[StageFacts, ...] = ()
    notes: tuple[str, ...] = ()
    """What else there is to know, such as what a warm start reused."""

    @classmethod
    def read(cls, outputs: Outputs) -> "TrainerFacts":
        """Reads `training.json`."""
        folder = outputs["model_run"][0].uri
        return cls(**storage.read_json(storage.join(folder, TRAINING_FILE)))

    def headline(self) -> str:
        """`validation accuracy: head 0.976 (15 epochs), fine-tune 1.000 (20 epochs)`."""
        stages = [
            f"{stage.name} {share(stage.validation_accuracy)}"
            + (f" ({count(stage.epochs, 'epoch')})" if stage.epochs is not None else "")
            for stage in self.stages
            if stage.validation_accuracy is not None
        ]
        return f"validation accuracy: {', '.join(stages)}" if stages else ""

    def metrics(self) -> Metrics:
        """Epochs and validation accuracy by stage, and of the last one."""
        metrics: dict[str, Any] = {}
        for stage in self.stages:
            metrics[f"{stage.name}_validation_accuracy"] = stage.validation_accuracy
            metrics[f"{stage.name}_epochs"] = stage.epochs
        if self.stages:
            metrics["validation_accuracy"] = self.stages[-1].validation_accuracy
        return metrics
