"""What must fail fails and says why; what is killed goes on."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.runs import REPOSITORY, Run, command, last_summary, run_pipeline, write_pictures

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

BEFORE_TRAINER = ("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform")


def test_a_folder_of_pictures_over_its_life(small: Callable[..., Path], tmp_path: Path) -> None:
    """Pushed; unchanged; refused; new pictures; a new class; a model that is put back."""
    config, workspace = small(), tmp_path / "workspace"
    serving = workspace / "serving" / "zeros-and-ones"

    first = run_pipeline(config, workspace)
    assert (first.exit_code, first.summary["outcome"]) == (0, "pushed"), first.output
    assert first.summary["images"]["found"] == 120
    assert set(first.summary["classes"]) == {"digit-0", "digit-1"}
    assert set(first.states.values()) == {"done"}
    assert [entry.name for entry in serving.iterdir()] == [str(first.summary["pushed"]["version"])]

    second = run_pipeline(config, workspace)
    assert (second.exit_code, second.summary["outcome"]) == (0, "unchanged"), second.output
    assert {
        state for name, state in second.states.items() if name not in ("Baseline", "Report")
    } == {"cached"}
    assert len(list(serving.iterdir())) == 1

    barely = "trainer.stages=[{name: head, epochs: 1, optimizer: {learning_rate: 1e-9}}]"
    regated = run_pipeline(config, workspace, "gate.min_accuracy=0.5")
    assert regated.summary["outcome"] == "unchanged", regated.output
    assert len(list(serving.iterdir())) == 1

    refused = run_pipeline(config, workspace, "gate.min_accuracy=1.0", barely)
    assert (refused.exit_code, refused.summary["outcome"]) == (3, "refused"), refused.output
    assert any(
        "below gate.min_accuracy 1" in reason for reason in refused.summary["gate"]["reasons"]
    )
    assert any("below the baseline" in reason for reason in refused.summary["gate"]["reasons"])
    assert "below gate.min_accuracy 1" in refused.output
    assert len(list(serving.iterdir())) == 1

    again = run_pipeline(config, workspace)
    assert again.summary["outcome"] == "unchanged", again.output

    write_pictures(tmp_path / "pictures", classes=(2,))
    grown = run_pipeline(config, workspace)
    assert grown.summary["outcome"] == "pushed", grown.output
    assert grown.summary["gate"]["baseline_accuracy"] is not None
    assert len(list(serving.iterdir())) == 2


def test_version_that_was_deleted_is_pushed_again(
    small: Callable[..., Path], tmp_path: Path
) -> None:
    config, workspace = small(), tmp_path / "workspace"
    version = Path(run_pipeline(config, workspace).summary["pushed"]["path"])
    version.rename(tmp_path / "gone")
    run = run_pipeline(config, workspace)
    assert run.summary["outcome"] == "pushed", run.output
    ran_again = ("Baseline", "Pusher", "Report")
    assert {state for name, state in run.states.items() if name not in ran_again} == {"cached"}


def test_configuration_mistakes_exit_with_2(small: Callable[..., Path], tmp_path: Path) -> None:
    run = run_pipeline(small(), tmp_path / "workspace", "trainer.batchsize=3", "data.path=/nowhere")
    assert run.exit_code == 2
    assert "trainer.batchsize" in run.output and "batch_size" in run.output
    assert "/nowhere" in run.output
    assert "Traceback" not in run.output


def test_too_many_broken_pictures_fail_the_run(small: Callable[..., Path], tmp_path: Path) -> None:
    config = small()
    for index in range(10):
        (tmp_path / "pictures" / "digit-0" / f"broken-{index}.png").write_bytes(b"no picture")
    run = run_pipeline(config, tmp_path / "workspace")
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "broken-0.png" in run.output and "max_bad_fraction" in run.output
    assert "Traceback" not in run.output
    assert str(tmp_path / "workspace" / "logs") in run.output
    [quarantine] = (tmp_path / "workspace").rglob("quarantine-of-failed-run.jsonl")
    assert str(quarantine) in run.output
    assert len(quarantine.read_text().splitlines()) == 10
    allowed = run_pipeline(config, tmp_path / "workspace", "data.max_bad_fraction=0.1")
    assert allowed.exit_code == 0, allowed.output
    assert allowed.summary["images"]["quarantined"] == 10


def test_unknown_layer_fails_before_it_trains(small: Callable[..., Path], tmp_path: Path) -> None:
    run = run_pipeline(small(), tmp_path / "w", "trainer.stages.1.freeze=block_99")
    assert run.exit_code == 1
    assert "has no layer 'block_99'" in run.output


def test_new_label_under_a_curated_schema_stops_before_training(
    small: Callable[..., Path], tmp_path: Path
) -> None:
    config, workspace = small(), tmp_path / "workspace"
    assert run_pipeline(config, workspace).exit_code == 0
    [schema] = workspace.glob("artifacts/*/SchemaGen/schema/*/schema.pbtxt")
    write_pictures(tmp_path / "pictures", classes=(2,))
    run = run_pipeline(config, workspace, f"data.schema_path={schema}")
    assert (run.exit_code, run.summary["outcome"]) == (1, "failed")
    assert "digit-2" in run.output
    assert run.states["ExampleCheck"] == "failed" and run.states["Trainer"] == "waiting"
    warned = run_pipeline(config, workspace, f"data.schema_path={schema}", "data.on_anomaly=warn")
    assert warned.exit_code == 0, warned.output
    assert "digit-2" in warned.output


def _start(config: Path, workspace: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(config, workspace),
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"{text!r} was never printed")


def _goes_on(config: Path, workspace: Path) -> Run:
    """Runs again, and checks that what had finished is reused and that the model is in service."""
    run = run_pipeline(config, workspace)
    assert run.exit_code == 0, run.output
    assert {run.states[name] for name in BEFORE_TRAINER} == {"cached"}
    versions = list((workspace / "serving" / "zeros-and-ones").iterdir())
    assert len(versions) == 1
    assert (versions[0] / "saved_model.pb").is_file()
    return run


@pytest.mark.parametrize("moment", ["fine-tune: epoch 1", "Pusher"])
def test_worker_killed_the_next_run_completes(
    small: Callable[..., Path], tmp_path: Path, moment: str
) -> None:
    config, workspace = small(), tmp_path / "workspace"
    process = _start(config, workspace)
    _wait_for(process, moment)
    for worker in psutil.Process(process.pid).children():
        worker.kill()
    assert process.stdout is not None
    output = process.stdout.read()
    exit_code = process.wait()
    serving = workspace / "serving" / "zeros-and-ones"
    for entry in serving.iterdir() if serving.exists() else []:
        assert entry.name.startswith(".") or (entry / "saved_model.pb").is_file()
    if moment != "Pusher":  # which may have been done before the signal came
        assert exit_code == 1
        assert "killed by signal 9" in output and "Trainer" in output
        assert last_summary(workspace)["outcome"] == "failed"
    run = _goes_on(config, workspace)
    if moment != "Pusher":
        assert "fine-tune: an interrupted training goes on after epoch 1" in run.output
        assert "head: epoch" not in run.output
        assert [stage["epochs"] for stage in run.summary["stages"]] == [10, 2]
    assert not list((workspace / "checkpoints").rglob("*.npz"))


def test_front_end_killed_takes_its_worker_with_it(
    small: Callable[..., Path], tmp_path: Path
) -> None:
    config, workspace = small(), tmp_path / "workspace"
    process = _start(config, workspace)
    _wait_for(process, "head: epoch 1")
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers and not alive
    _goes_on(config, workspace)


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_stopped_run_goes_on(
    small: Callable[..., Path], tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    config, workspace = small(), tmp_path / "workspace"
    process = _start(config, workspace)
    _wait_for(process, "head: epoch 1")
    start = time.monotonic()
    process.send_signal(number)
    assert process.stdout is not None
    output = process.stdout.read()
    assert process.wait() == exit_code
    assert time.monotonic() - start < 15
    assert "run the same command again" in output
    assert "Traceback" not in output
    _goes_on(config, workspace)
