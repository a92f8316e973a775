"""Something changes between two runs: settings, the serving folder, the images."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.runs import BEFORE_TRAINER, Run, RunHistory, write_images, write_small

# Several whole runs.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(4)]


@dataclass(frozen=True)
class Changes:
    """Runs in one workspace, one after the other.

    Attributes:
        unknown_layer: A stage names an unknown layer.
        unknown_slice: The gate slices by a feature that no image has.
        first: It does not; pushes the first model.
        regated: With a gate that is lower.
        replaced: The version that was pushed has been deleted.
        unknown_label: With images of a new class, and the schema of the first run.
        grown: The same, with `data.on_anomaly: warn`.
        versions: How many versions were in the serving folder after each run, by its name.
    """

    unknown_layer: Run
    unknown_slice: Run
    first: Run
    regated: Run
    replaced: Run
    unknown_label: Run
    grown: Run
    versions: dict[str, int]


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    folder = tmp_path_factory.mktemp("changes")
    config, workspace = write_small(folder), folder / "workspace"
    history = RunHistory(config, workspace)
    history.add("unknown_layer", "trainer.stages.1.freeze=block_99")
    history.add("unknown_slice", "gate.slices=[camera]")
    first = history.add("first")
    assert first.exit_code == 0, first.output
    history.add("regated", "gate.min_accuracy=0.5")
    Path(first.summary["pushed"]["path"]).rename(folder / "gone")
    history.add("replaced")
    [schema] = workspace.glob("artifacts/*/SchemaGen/schema/*/schema.pbtxt")
    write_images(folder / "images", classes=(2,))
    curated = f"data.schema_path={schema}"
    history.add("unknown_label", curated)
    history.add("grown", curated, "data.on_anomaly=warn")
    return Changes(versions=history.versions, **history.runs)


def test_unknown_layer_fails_before_any_component(changes: Changes) -> None:
    run = changes.unknown_layer
    assert run.exit_code == 2
    assert "has no layer 'block_99'" in run.output
    assert run.states == {}
    assert changes.versions["unknown_layer"] == 0


def test_components_before_a_mistake_are_cached(changes: Changes) -> None:
    failed, first = changes.unknown_slice, changes.first
    assert (failed.exit_code, failed.states["Evaluator"]) == (1, "failed")
    assert "camera" in failed.output
    before = {*BEFORE_TRAINER, "Trainer"}
    assert {first.states[name] for name in before} == {"cached"}
    assert {state for name, state in first.states.items() if name not in before} == {"done"}


def test_a_lower_gate_changes_nothing(changes: Changes) -> None:
    assert changes.regated.summary["outcome"] == "unchanged", changes.regated.output
    assert changes.versions["regated"] == 1


def test_version_that_was_deleted_is_pushed_again(changes: Changes) -> None:
    run = changes.replaced
    assert run.summary["outcome"] == "pushed", run.output
    ran_again = ("Baseline", "Pusher", "Report")
    assert {state for name, state in run.states.items() if name not in ran_again} == {"cached"}
    assert changes.versions["replaced"] == 1


def test_a_new_class_is_trained_compared_and_pushed(changes: Changes) -> None:
    grown = changes.grown
    assert grown.summary["outcome"] == "pushed", grown.output
    assert set(grown.summary["classes"]) == {"digit-0", "digit-1", "digit-2"}
    assert grown.summary["gate"]["baseline_accuracy"] is not None
    assert changes.versions["grown"] == 2


def test_new_label_under_a_curated_schema_stops_before_training(changes: Changes) -> None:
    run, warned = changes.unknown_label, changes.grown
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "digit-2" in run.output
    assert run.states["ExampleCheck"] == "failed" and run.states["Trainer"] == "waiting"
    assert warned.exit_code == 0, warned.output
    assert "digit-2" in warned.output
