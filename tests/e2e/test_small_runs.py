"""One folder of images, run after run: what must fail fails and says why, and nothing is lost."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.runs import History, Run, run_pipeline, write_small

# Several whole runs: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

BROKEN = 10


@dataclass(frozen=True)
class Life:
    """What became of a folder of images, run after run in one workspace.

    Attributes:
        workspace: The workspace.
        too_broken: Some images are broken, and none may be.
        first: They may be; pushes the first model.
        unchanged: The same again.
        refused: A model that hardly trained, with a gate that asks for everything.
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
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    config, workspace = write_small(folder), folder / "workspace"
    history = History(config, workspace)
    for index in range(BROKEN):
        (folder / "images" / "digit-0" / f"broken-{index}.png").write_bytes(b"no image")
    history.add("too_broken")
    config.write_text(config.read_text().replace("data:\n", "data:\n  max_bad_fraction: 0.1\n"))
    history.add("first")
    history.add("unchanged")
    barely = "trainer.stages=[{name: head, epochs: 1, optimizer: {learning_rate: 1e-9}}]"
    history.add("refused", "gate.min_accuracy=1.0", barely)
    history.add("again")
    return Life(workspace=workspace, versions=history.versions, **history.runs)


def test_images_are_pushed(life: Life) -> None:
    first = life.first
    assert (first.exit_code, first.summary["outcome"]) == (0, "pushed"), first.output
    assert first.summary["images"]["found"] == 120 + BROKEN
    assert first.summary["images"]["accepted"] == 120
    assert set(first.summary["classes"]) == {"digit-0", "digit-1"}
    assert set(first.states.values()) == {"done"}
    assert life.versions["first"] == 1


def test_the_same_images_again_change_nothing(life: Life) -> None:
    second = life.unchanged
    assert (second.exit_code, second.summary["outcome"]) == (0, "unchanged"), second.output
    assert {
        state for name, state in second.states.items() if name not in ("Baseline", "Report")
    } == {"cached"}
    assert life.versions["unchanged"] == 1


def test_a_worse_model_is_refused(life: Life) -> None:
    refused, again = life.refused, life.again
    assert (refused.exit_code, refused.summary["outcome"]) == (3, "refused"), refused.output
    assert any(
        "below gate.min_accuracy 1" in reason for reason in refused.summary["gate"]["reasons"]
    )
    assert any("below the baseline" in reason for reason in refused.summary["gate"]["reasons"])
    assert "below gate.min_accuracy 1" in refused.output
    assert again.summary["outcome"] == "unchanged", again.output
    assert life.versions["refused"] == life.versions["again"] == 1


def test_too_many_broken_images_fail_the_run(life: Life) -> None:
    run, allowed = life.too_broken, life.first
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "broken-0.png" in run.output and "max_bad_fraction" in run.output
    assert "Traceback" not in run.output
    assert str(life.workspace / "logs") in run.output
    [quarantine] = life.workspace.rglob("quarantine-of-failed-run.jsonl")
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
