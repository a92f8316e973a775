"""What a component's outputs say."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.types import standard_artifacts

from pipeline.run.facts import collect_facts


@pytest.mark.parametrize(
    ("properties", "facts"),
    [
        (
            {"pushed": 1, "is_new": 1, "pushed_version": "7", "pushed_destination": "serving/7"},
            {"pushed": True, "is_new": True, "withdrawn": False, "version": 7, "path": "serving/7"},
        ),
        (
            {"pushed": 1, "is_new": 0, "pushed_version": "7", "pushed_destination": "serving/7"},
            {
                "pushed": True, "is_new": False, "withdrawn": False, "version": 7,
                "path": "serving/7",
            },
        ),
        (
            {
                "pushed": 0, "withdrawn": 1, "in_service_version": "6",
                "in_service_path": "serving/6",
            },
            {
                "pushed": False, "is_new": False, "withdrawn": True, "version": 6,
                "path": "serving/6",
            },
        ),
        (
            {"pushed": 0},
            {"pushed": False, "is_new": False, "withdrawn": False, "version": None, "path": None},
        ),
    ],
    ids=["new", "in service already", "withdrawn", "refused"],
)  # fmt: skip
def test_what_became_of_a_push(properties: dict[str, Any], facts: dict[str, Any]) -> None:
    artifact = standard_artifacts.PushedModel()
    for key, value in properties.items():
        if isinstance(value, int):
            artifact.set_int_custom_property(key, value)
        else:
            artifact.set_string_custom_property(key, value)
    assert collect_facts("Pusher", {"pushed_model": [artifact]}) == facts


def test_training_is_told_without_its_history(tmp_path: Path) -> None:
    stage = {"name": "head", "epochs": 2, "validation_accuracy": 0.9}
    training = {"stages": [{**stage, "history": {"loss": [1.0, 0.5]}}], "notes": ["a note"]}
    (tmp_path / "training.json").write_text(json.dumps(training))
    artifact = standard_artifacts.ModelRun()
    artifact.uri = str(tmp_path)
    facts = collect_facts("Trainer", {"model_run": [artifact]})
    assert facts == {"stages": [stage], "notes": ["a note"]}
