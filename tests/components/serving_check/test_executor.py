"""The blessing, as the stock Pusher reads it, and models that are not checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.components.pusher import executor as tfx_pusher
from tfx.types import Artifact, channel_utils, standard_artifacts

from components.serving_check.component import ServingCheck
from components.serving_check.executor import Executor
from components.serving_check.settings import ServingCheckSettings


def _artifact(kind: type[Artifact], folder: Path, blessed: int | None = None) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    artifact = kind()
    artifact.uri = str(folder)
    if blessed is not None:
        artifact.set_int_custom_property("blessed", blessed)
    return artifact


def _check(folder: Path, inputs: dict[str, Any], **settings: Any) -> tuple[Any, dict[str, Any]]:
    blessing = _artifact(standard_artifacts.InfraBlessing, folder / "infra_blessing")
    chosen = ServingCheckSettings(calls=20, **settings).model_dump_json()
    Executor().Do(
        {name: [value] for name, value in inputs.items()},
        {"blessing": [blessing]},
        {"settings": chosen},
    )
    return blessing, json.loads((folder / "infra_blessing/serving_check.json").read_text())


def _may_push(model: Any, blessing: Any) -> bool:
    inputs = {"model": [model], "infra_blessing": [blessing]}
    return tfx_pusher.Executor().CheckBlessing(inputs)


@pytest.fixture
def model(good_model: Path) -> standard_artifacts.Model:
    return _artifact(standard_artifacts.Model, good_model.parent)


def test_a_good_model_is_blessed_for_the_stock_pusher(
    model: Any, examples: Any, model_run: Any, tmp_path: Path
) -> None:
    gate = _artifact(standard_artifacts.ModelBlessing, tmp_path / "gate", blessed=1)
    inputs = {
        "model": model,
        "examples": examples,
        "model_run": model_run,
        "model_blessing": gate,
    }
    blessing, verdict = _check(tmp_path, inputs)
    assert verdict["passed"] and verdict["failures"] == []
    assert _may_push(model, blessing)
    assert (tmp_path / "infra_blessing/INFRA_BLESSED").read_text() == ""


def test_a_model_that_fails_is_refused_and_the_run_continues(
    model: Any, examples: Any, tmp_path: Path
) -> None:
    # Without the Trainer's output, scores are not compared; with an empty one that is a failure.
    run = _artifact(standard_artifacts.ModelRun, tmp_path / "model_run")
    inputs = {"model": model, "examples": examples, "model_run": run}
    blessing, verdict = _check(tmp_path, inputs)
    assert verdict["failures"] == [
        "the Trainer wrote no scores to compare with: there is no file "
        f"{tmp_path}/model_run/serving_reference.npz"
    ]
    assert not _may_push(model, blessing)
    assert (tmp_path / "infra_blessing/INFRA_NOT_BLESSED").is_file()
    assert verdict["largest_difference"] is None and verdict["calls"] == 20


@pytest.mark.parametrize(
    ("refused_by", "kind", "reason"),
    [
        (
            "model_blessing",
            standard_artifacts.ModelBlessing,
            "not checked: the gate refused the model",
        ),
        (
            "infra_blessing",
            standard_artifacts.InfraBlessing,
            "TensorFlow Serving does not serve the model; see InfraValidator's log",
        ),
    ],
)
def test_a_model_that_is_refused_already_is_not_checked(
    refused_by: str, kind: type[Artifact], reason: str, model: Any, examples: Any, tmp_path: Path
) -> None:
    refused = _artifact(kind, tmp_path / "refused", blessed=0)
    inputs = {"model": model, "examples": examples, refused_by: refused}
    blessing, verdict = _check(tmp_path, inputs)
    assert not verdict["passed"] and not verdict["is_checked"]
    assert verdict["failures"] == [reason]
    assert not _may_push(model, blessing)


def test_an_empty_test_split_is_a_failure(model: Any, tmp_path: Path) -> None:
    empty = _artifact(standard_artifacts.Examples, tmp_path / "examples")
    empty.split_names = '["validation", "test"]'
    _, verdict = _check(tmp_path, {"model": model, "examples": empty})
    assert verdict["failures"] == ["the test split has no image to check with"]


def test_a_reference_of_other_images(
    model: Any, examples: Any, model_run: Any, tmp_path: Path
) -> None:
    # The reference is of the validation images; here these are the test images.
    other = _artifact(standard_artifacts.Examples, tmp_path / "examples")
    other.split_names = '["validation", "test"]'
    for split in ("validation", "test"):
        link = tmp_path / "examples" / f"Split-{split}"
        link.symlink_to(Path(examples.uri) / "Split-test")
    inputs = {"model": model, "examples": other, "model_run": model_run}
    _, verdict = _check(tmp_path, inputs)
    assert verdict["failures"] == [
        "the Trainer's scores are of images that the validation split lacks"
    ]


def test_the_component_has_its_inputs_and_settings() -> None:
    def channel(kind: type[Artifact]) -> Any:
        return channel_utils.as_channel([kind()])

    check = ServingCheck(
        ServingCheckSettings(),
        model=channel(standard_artifacts.Model),
        examples=channel(standard_artifacts.Examples),
        model_run=channel(standard_artifacts.ModelRun),
        model_blessing=channel(standard_artifacts.ModelBlessing),
    )
    assert check.outputs["blessing"].type is standard_artifacts.InfraBlessing
    assert '"calls":500' in check.exec_properties["settings"]
