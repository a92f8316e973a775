"""A run that was stopped or killed resumes where it was."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.runs import BEFORE_TRAINER, Run, command, last_summary, run_pipeline
from tests.repository import REPOSITORY

# Several whole runs a test.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(5)]


class Interrupted:
    """Runs in one workspace, each stopped in its own way, and one that completes them."""

    def __init__(self, config: Path, workspace: Path) -> None:
        self._config = config
        self._workspace = workspace

    def start(self, moment: str) -> "subprocess.Popen[str]":
        """Starts a run, and waits until it prints `moment`."""
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
        """Kills the worker process; returns the run's exit code and what it printed then."""
        process = self.start(moment)
        for worker in psutil.Process(process.pid).children():
            worker.kill()
        assert process.stdout is not None
        output = process.stdout.read()
        exit_code = process.wait()
        for entry in self._workspace.glob("serving/zeros-and-ones/*"):
            assert entry.name.startswith(".") or (entry / "saved_model.pb").is_file()
        return exit_code, output

    def resume(self) -> Run:
        """Runs to the end: finished components are reused, and the model is in service."""
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


def test_a_stopped_run_resumes(interrupted: Interrupted) -> None:
    interrupted.stop("head: epoch 1", signal.SIGINT, 130)
    interrupted.stop("fine-tune: epoch 1", signal.SIGTERM, 143)
    interrupted.kill_worker("Pusher")  # which may have been done before the signal came
    interrupted.resume()


def test_a_killed_run_resumes(interrupted: Interrupted, tmp_path: Path) -> None:
    front_end = interrupted.start("head: epoch 1")
    workers = psutil.Process(front_end.pid).children(recursive=True)
    front_end.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers and not alive

    exit_code, output = interrupted.kill_worker("fine-tune: epoch 1")
    assert exit_code == 1
    assert "killed by signal 9" in output and "Trainer" in output
    assert last_summary(tmp_path / "workspace")["outcome"] == "failed"

    run = interrupted.resume()
    assert "fine-tune: an interrupted training resumes after epoch 1" in run.output
    assert "head: epoch" not in run.output
    assert [stage["epochs"] for stage in run.summary["stages"]] == [10, 2]
