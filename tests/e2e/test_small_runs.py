"""What must fail fails and says why; what is killed goes on."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.e2e.runs import (
    REPOSITORY,
    Run,
    command,
    last_summary,
    run_pipeline,
    write_pictures,
    write_small,
)

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

BEFORE_TRAINER = ("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform")
BROKEN = 10


@dataclass(frozen=True)
class Life:
    """What became of a folder of pictures, run after run in one workspace.

    Attributes:
        workspace: The workspace.
        too_broken: Some pictures are broken, and none may be.
        unknown_layer: They may be, and a stage names a layer that there is not.
        first: Pushes the first model.
        unchanged: The same again.
        regated: With a gate that is lower.
        refused: A model that hardly trained, with a gate that asks for everything.
        again: As the first.
        replaced: The version that was pushed has been deleted.
        unknown_label: There are pictures of a new class, and the schema is the first run's.
        grown: The same, and anomalies are only warned of.
        versions: How many versions were in the serving folder after each run, by its name.
    """

    workspace: Path
    too_broken: Run
    unknown_layer: Run
    first: Run
    unchanged: Run
    regated: Run
    refused: Run
    again: Run
    replaced: Run
    unknown_label: Run
    grown: Run
    versions: dict[str, int]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    config, workspace = write_small(folder), folder / "workspace"
    runs: dict[str, Run] = {}
    versions: dict[str, int] = {}

    def run(name: str, *settings: str) -> Run:
        runs[name] = run_pipeline(config, workspace, *settings)
        versions[name] = len(list(workspace.glob("serving/zeros-and-ones/[0-9]*")))
        return runs[name]

    for index in range(BROKEN):
        (folder / "pictures" / "digit-0" / f"broken-{index}.png").write_bytes(b"no picture")
    run("too_broken")
    config.write_text(config.read_text().replace("data:\n", "data:\n  max_bad_fraction: 0.1\n"))
    run("unknown_layer", "trainer.stages.1.freeze=block_99")
    first = run("first")
    assert first.exit_code == 0, first.output
    run("unchanged")
    run("regated", "gate.min_accuracy=0.5")
    barely = "trainer.stages=[{name: head, epochs: 1, optimizer: {learning_rate: 1e-9}}]"
    run("refused", "gate.min_accuracy=1.0", barely)
    run("again")
    Path(first.summary["pushed"]["path"]).rename(folder / "gone")
    run("replaced")
    [schema] = workspace.glob("artifacts/*/SchemaGen/schema/*/schema.pbtxt")
    write_pictures(folder / "pictures", classes=(2,))
    curated = f"data.schema_path={schema}"
    run("unknown_label", curated)
    run("grown", curated, "data.on_anomaly=warn")
    return Life(workspace=workspace, versions=versions, **runs)


def test_pictures_are_pushed(life: Life) -> None:
    first = life.first
    assert (first.exit_code, first.summary["outcome"]) == (0, "pushed"), first.output
    assert first.summary["images"]["found"] == 120 + BROKEN
    assert first.summary["images"]["accepted"] == 120
    assert set(first.summary["classes"]) == {"digit-0", "digit-1"}
    # What came before the training has been done by the run before.
    assert {first.states[name] for name in BEFORE_TRAINER} == {"cached"}
    assert {
        state for name, state in first.states.items() if name not in BEFORE_TRAINER
    } == {"done"}  # fmt: skip
    assert life.versions["first"] == 1


def test_the_same_pictures_again_change_nothing(life: Life) -> None:
    second = life.unchanged
    assert (second.exit_code, second.summary["outcome"]) == (0, "unchanged"), second.output
    assert {
        state for name, state in second.states.items() if name not in ("Baseline", "Report")
    } == {"cached"}
    assert life.regated.summary["outcome"] == "unchanged", life.regated.output
    assert life.versions["unchanged"] == life.versions["regated"] == 1


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


def test_version_that_was_deleted_is_pushed_again(life: Life) -> None:
    run = life.replaced
    assert run.summary["outcome"] == "pushed", run.output
    ran_again = ("Baseline", "Pusher", "Report")
    assert {state for name, state in run.states.items() if name not in ran_again} == {"cached"}
    assert life.versions["replaced"] == 1


def test_a_new_class_is_trained_compared_and_pushed(life: Life) -> None:
    grown = life.grown
    assert grown.summary["outcome"] == "pushed", grown.output
    assert set(grown.summary["classes"]) == {"digit-0", "digit-1", "digit-2"}
    assert grown.summary["gate"]["baseline_accuracy"] is not None
    assert life.versions["grown"] == 2


def test_new_label_under_a_curated_schema_stops_before_training(life: Life) -> None:
    run, warned = life.unknown_label, life.grown
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "digit-2" in run.output
    assert run.states["ExampleCheck"] == "failed" and run.states["Trainer"] == "waiting"
    assert warned.exit_code == 0, warned.output
    assert "digit-2" in warned.output


def test_too_many_broken_pictures_fail_the_run(life: Life) -> None:
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


def test_unknown_layer_fails_before_it_trains(life: Life) -> None:
    run = life.unknown_layer
    assert run.exit_code == 1
    assert "has no layer 'block_99'" in run.output
    assert "epoch 1" not in run.output
    assert life.versions["unknown_layer"] == 0


def test_configuration_mistakes_exit_with_2(small: Path, tmp_path: Path) -> None:
    run = run_pipeline(small, tmp_path / "workspace", "trainer.batchsize=3", "data.path=/nowhere")
    assert run.exit_code == 2
    assert "trainer.batchsize" in run.output and "batch_size" in run.output
    assert "/nowhere" in run.output
    assert "Traceback" not in run.output


class Interrupted:
    """Runs in one workspace, each stopped in its own way, and one that completes them."""

    def __init__(self, config: Path, workspace: Path) -> None:
        self._config = config
        self._workspace = workspace

    def start(self, moment: str) -> "subprocess.Popen[str]":
        """Starts a run, and waits until it prints what says how far it is."""
        process = subprocess.Popen(
            command(self._config, self._workspace),
            cwd=REPOSITORY,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if moment in line:
                return process
        raise AssertionError(f"{moment!r} was never printed:\n{output}")

    def stop(self, moment: str, number: signal.Signals, exit_code: int) -> None:
        """Sends a run a signal, as a person or a scheduler does."""
        process = self.start(moment)
        start = time.monotonic()
        process.send_signal(number)
        assert process.stdout is not None
        output = process.stdout.read()
        assert process.wait() == exit_code
        assert time.monotonic() - start < 15
        assert "run the same command again" in output
        assert "Traceback" not in output

    def kill_worker(self, moment: str) -> tuple[int, str]:
        """Kills the process that works; the exit code of the run, and what it printed then."""
        process = self.start(moment)
        for worker in psutil.Process(process.pid).children():
            worker.kill()
        assert process.stdout is not None
        output = process.stdout.read()
        exit_code = process.wait()
        for entry in self._workspace.glob("serving/zeros-and-ones/*"):
            assert entry.name.startswith(".") or (entry / "saved_model.pb").is_file()
        return exit_code, output

    def go_on(self) -> Run:
        """Runs to the end: what had finished is reused, and the model is in service."""
        run = run_pipeline(self._config, self._workspace)
        assert run.exit_code == 0, run.output
        assert {run.states[name] for name in BEFORE_TRAINER} == {"cached"}
        [version] = self._workspace.glob("serving/zeros-and-ones/*")
        assert (version / "saved_model.pb").is_file()
        assert not list((self._workspace / "checkpoints").rglob("*.npz"))
        return run


@pytest.fixture
def interrupted(small: Path, tmp_path: Path) -> Interrupted:
    return Interrupted(small, tmp_path / "workspace")


@pytest.mark.slow
def test_stopped_run_goes_on(interrupted: Interrupted) -> None:
    interrupted.stop("head: epoch 1", signal.SIGINT, 130)
    interrupted.stop("fine-tune: epoch 1", signal.SIGTERM, 143)
    interrupted.kill_worker("Pusher")  # which may have been done before the signal came
    interrupted.go_on()


@pytest.mark.slow
def test_killed_run_goes_on(interrupted: Interrupted, tmp_path: Path) -> None:
    front_end = interrupted.start("head: epoch 1")
    workers = psutil.Process(front_end.pid).children(recursive=True)
    front_end.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers and not alive

    exit_code, output = interrupted.kill_worker("fine-tune: epoch 1")
    assert exit_code == 1
    assert "killed by signal 9" in output and "Trainer" in output
    assert last_summary(tmp_path / "workspace")["outcome"] == "failed"

    run = interrupted.go_on()
    assert "fine-tune: an interrupted training goes on after epoch 1" in run.output
    assert "head: epoch" not in run.output
    assert [stage["epochs"] for stage in run.summary["stages"]] == [10, 2]
