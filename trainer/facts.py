"""What the Trainer reports: what each stage of training reached."""

from typing import Any

from components import storage
from components.artifacts import TRAINING_FILE
from components.facts import Facts, FactsPart, Metrics, Outputs
from components.format import count, share


class StageFacts(FactsPart):
    """One stage of training."""

    name: str
    """Name of the stage in the configuration."""
    epochs: int | None = None
    """Epochs that were trained."""
    best_epoch: int | None = None
    """The epoch whose weights were kept; 0 are those from before the stage."""
    seconds: float | None = None
    """Time it took, in seconds."""
    validation_accuracy: float | None = None
    """Accuracy on the validation split of the weights that were kept, 0 to 1."""
    layers: int | None = None
    """Layers of the backbone, pooling included."""
    trainable_layers: int | None = None
    """Layers of the backbone that this stage trained."""
    freeze_reason: str | None = None
    """Why `freeze: auto` chose so; null where the configuration says what to freeze."""
    trainable_parameters: int | None = None
    """Parameters that this stage trained."""
    total_parameters: int | None = None
    """Parameters of the whole model."""


class CalibrationFacts(FactsPart):
    """The temperature that the logits are divided by."""

    temperature: float
    images: int
    """Validation images that it was fitted on."""
    error_before: float
    """Expected calibration error on them without it, 0 to 1."""
    error_after: float
    """The same with it."""


class TrainerFacts(Facts):
    """The stages of training, in order."""

    stages: tuple[StageFacts, ...] = ()
    calibration: CalibrationFacts | None = None
    notes: tuple[str, ...] = ()
    """What else there is to know, such as what a warm start reused."""
    suspect_labels: int | None = None
    """Number of labels that are probably wrong, over all splits; None if not checked."""

    @classmethod
    def read(cls, outputs: Outputs) -> "TrainerFacts":
        """Reads `training.json`."""
        folder = outputs["model_run"][0].uri
        return cls(**storage.read_json(storage.join(folder, TRAINING_FILE)))

    def headline(self) -> str:
        """`validation accuracy: head 0.976 (15 epochs), fine-tune 1.000 (20 epochs)`.

        Behind it stands `; 23 suspect labels` where there are any.
        """
        stages = [
            f"{stage.name} {share(stage.validation_accuracy)}"
            + (f" ({count(stage.epochs, 'epoch')})" if stage.epochs is not None else "")
            for stage in self.stages
            if stage.validation_accuracy is not None
        ]
        suspects = count(self.suspect_labels, "suspect label") if self.suspect_labels else ""
        accuracy = f"validation accuracy: {', '.join(stages)}" if stages else ""
        return "; ".join(filter(None, [accuracy, suspects]))

    def metrics(self) -> Metrics:
        """Epochs and validation accuracy by stage, and of the last one."""
        metrics: dict[str, Any] = {}
        for stage in self.stages:
            metrics[f"{stage.name}_validation_accuracy"] = stage.validation_accuracy
            metrics[f"{stage.name}_epochs"] = stage.epochs
        if self.suspect_labels is not None:
            metrics["suspect_labels"] = self.suspect_labels
        if self.stages:
            metrics["validation_accuracy"] = self.stages[-1].validation_accuracy
        if self.calibration is not None:
            metrics["temperature"] = self.calibration.temperature
        return metrics
