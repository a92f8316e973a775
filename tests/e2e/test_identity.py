"""What a model is does not depend on where it lies: new metadata, a workspace that was moved."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.runs import Run, RunHistory, run_pipeline, write_small

# Three whole runs, in a minute on a quiet machine.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Runs:
    """Three runs on the same images.

    Attributes:
        workspace: Where the workspace is in the end.
        old_shards: The training images that the first run wrote.
        new_metadata: Over metadata that were lost, with other settings.
        moved: In the workspace, which has been moved.
        versions: How many versions were in the serving folder after each run.
    """

    workspace: Path
    old_shards: set[str]
    new_metadata: Run
    moved: Run
    versions: dict[str, int]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    config, workspace = write_small(folder), folder / "workspace"
    history = RunHistory(config, workspace)
    first = history.add("first")
    assert first.summary["outcome"] == "pushed", first.output
    old_shards = {str(file) for file in workspace.rglob("examples/1/Split-train/*")}
    (workspace / "metadata.sqlite").unlink()
    (folder / "images" / "digit-0" / "000.png").unlink()
    new_metadata = history.add("new_metadata")
    workspace.rename(folder / "elsewhere")
    moved = run_pipeline(config, folder / "elsewhere", "trainer.seed=2")
    return Runs(folder / "elsewhere", old_shards, new_metadata, moved, history.versions)


def test_over_new_metadata_a_model_is_compared_and_released(runs: Runs) -> None:
    run = runs.new_metadata
    assert run.summary["outcome"] == "pushed", run.output
    assert run.summary["gate"]["baseline_accuracy"] is not None
    assert "is released, and its model is not where these metadata have it" in run.output
    assert runs.versions == {"first": 1, "new_metadata": 2}


def test_over_new_metadata_nothing_of_the_old_is_read(runs: Runs) -> None:
    counted = sum(runs.new_metadata.summary["splits"].values())
    assert counted == runs.new_metadata.summary["images"]["accepted"] == 119
    new = list(runs.workspace.rglob("examples/1.*/Split-train/*"))
    assert new and len(runs.old_shards) == len(
        list(runs.workspace.rglob("examples/1/Split-train/*"))
    )


def test_in_a_moved_workspace_a_model_is_compared(runs: Runs) -> None:
    run = runs.moved
    assert run.summary["gate"]["baseline_accuracy"] is not None, run.output
    assert run.summary["outcome"] == "pushed", run.output
