"""One folder of images, run after run: what must fail says why, and nothing is lost."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.runs import Run, RunHistory, run_pipeline, write_small

# Several whole runs: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.long(3)]

BROKEN = 10


@dataclass(frozen=True)
class Runs:
    """Runs of a folder of images in one workspace, one after the other.

    Attributes:
        workspace: The workspace.
        too_broken: Some images are broken, which is not allowed.
        first: It is allowed; pushes the first model.
        unchanged: The same again.
        refused: A model that hardly trained, with a gate that requires an accuracy of 1.
        again: As the first.
        versions: How many versions were in the serving folder after each run, by its name.
    """

    workspace: Path
    too_broken: Run
    first: Run
    unchanged: Run
    refused: Run
    again: Run
    versions: dict[str, int]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    config, workspace = write_small(folder), folder / "workspace"
    history = RunHistory(config, workspace)
    for index in range(BROKEN):
        (folder / "images" / "digit-0" / f"broken-{index}.png").write_bytes(b"not an image")
    history.add("too_broken")
    config.write_text(config.read_text().replace("data:\n", "data:\n  max_bad_fraction: 0.1\n"))
    history.add("first")
    history.add("unchanged")
    barely = "trainer.stages=[{name: head, epochs: 1, optimizer: {learning_rate: 1e-9}}]"
    history.add("refused", "gate.min_accuracy=1.0", barely)
    history.add("again")
    return Runs(workspace=workspace, versions=history.versions, **history.runs)


def test_images_are_pushed(runs: Runs) -> None:
    first = runs.first
    assert (first.exit_code, first.summary["outcome"]) == (0, "pushed"), first.output
    assert first.summary["images"]["found"] == 120 + BROKEN
    assert first.summary["images"]["accepted"] == 120
    assert set(first.summary["classes"]) == {"digit-0", "digit-1"}
    assert set(first.states.values()) == {"done"}
    assert runs.versions["first"] == 1


def test_the_same_images_again_change_nothing(runs: Runs) -> None:
    second = runs.unchanged
    assert (second.exit_code, second.summary["outcome"]) == (0, "unchanged"), second.output
    assert {
        state for name, state in second.states.items() if name not in ("Baseline", "Report")
    } == {"cached"}
    assert runs.versions["unchanged"] == 1


def test_a_worse_model_is_refused(runs: Runs) -> None:
    refused, again = runs.refused, runs.again
    assert (refused.exit_code, refused.summary["outcome"]) == (3, "refused"), refused.output
    assert any(
        "below gate.min_accuracy 1" in reason for reason in refused.summary["gate"]["reasons"]
    )
    assert any("below the baseline" in reason for reason in refused.summary["gate"]["reasons"])
    assert "below gate.min_accuracy 1" in refused.output
    assert again.summary["outcome"] == "unchanged", again.output
    assert runs.versions["refused"] == runs.versions["again"] == 1


def test_too_many_broken_images_fail_the_run(runs: Runs) -> None:
    run, allowed = runs.too_broken, runs.first
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "broken-0.png" in run.output and "max_bad_fraction" in run.output
    assert "Traceback" not in run.output
    assert str(runs.workspace / "logs") in run.output
    [quarantine] = runs.workspace.rglob("quarantine-of-failed-run.jsonl")
    assert str(quarantine) in run.output
    assert len(quarantine.read_text().splitlines()) == BROKEN
    assert allowed.exit_code == 0, allowed.output
    assert allowed.summary["images"]["quarantined"] == BROKEN


def test_configuration_mistakes_exit_with_2(small: Path, tmp_path: Path) -> None:
    run = run_pipeline(small, tmp_path / "workspace", "trainer.batchsize=3", "data.path=/nowhere")
    assert run.exit_code == 2
    assert "trainer.batchsize" in run.output and "batch_size" in run.output
    assert "/nowhere" in run.output
    assert "Traceback" not in run.output
