"""What the Trainer reports, read from its artifact."""

import json
from pathlib import Path

from tfx.types import standard_artifacts

from trainer.facts import StageFacts, TrainerFacts


def test_training_is_reported_without_its_history(tmp_path: Path) -> None:
    stage = {"name": "head", "epochs": 2, "validation_accuracy": 0.9}
    training = {"stages": [{**stage, "history": {"loss": [1.0, 0.5]}}], "notes": ["a note"]}
    (tmp_path / "training.json").write_text(json.dumps(training))
    artifact = standard_artifacts.ModelRun()
    artifact.uri = str(tmp_path)
    assert TrainerFacts.read({"model_run": [artifact]}) == TrainerFacts(
        stages=(StageFacts(name="head", epochs=2, validation_accuracy=0.9),), notes=("a note",)
    )


def test_metrics_are_those_of_each_stage_and_of_the_last() -> None:
    head = StageFacts(name="head", epochs=15, validation_accuracy=0.97)
    fine = StageFacts(name="fine-tune", epochs=20, validation_accuracy=0.99)
    assert TrainerFacts(stages=(head, fine)).metrics() == {
        "head_validation_accuracy": 0.97,
        "head_epochs": 15,
        "fine-tune_validation_accuracy": 0.99,
        "fine-tune_epochs": 20,
        "validation_accuracy": 0.99,
    }


def test_suspect_labels_are_reported_only_if_there_are_any() -> None:
    head = StageFacts(name="head", epochs=15, validation_accuracy=0.97)
    accuracy = "validation accuracy: head 0.970 (15 epochs)"
    for number in (None, 0):
        assert TrainerFacts(stages=(head,), suspect_labels=number).headline() == accuracy
    some = TrainerFacts(stages=(head,), suspect_labels=23)
    assert some.headline() == f"{accuracy}; 23 suspect labels"
    assert some.metrics()["suspect_labels"] == 23
