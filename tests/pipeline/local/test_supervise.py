"""Runs with a fake worker: real processes, real signals, a real terminal."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.local.supervise import worker_environment
from pipeline.run.summary import Summary
from tests.repository import REPOSITORY

RUN_FAKE = REPOSITORY / "tests/fakes/processes/run_fake.py"
RERUN_HINT = "run the same command again; finished components are reused"

Process = subprocess.Popen


def start(scenario: str, workspace: Path, **options: Any) -> "Process[str]":
    return subprocess.Popen(
        [sys.executable, str(RUN_FAKE), scenario, "0.001", str(workspace)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        **options,
    )


def run(scenario: str, workspace: Path) -> tuple[int, str]:
    process = start(scenario, workspace)
    output, errors = process.communicate(timeout=120)
    assert errors == ""
    return process.returncode, output


def summary_of(workspace: Path) -> Summary:
    [path] = (workspace / "runs").glob("*/summary.json")
    return Summary.model_validate_json(path.read_text())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def waiting(workspace: Path, request: pytest.FixtureRequest) -> Iterator["Process[str]"]:
    """A run whose worker waits in Trainer, with a child of its own."""
    process = start(getattr(request, "param", "waits"), workspace)
    worker_pids(workspace)
    yield process
    process.kill()
    process.communicate()


def worker_pids(workspace: Path) -> list[int]:
    """The worker's process and its child's, once they have started."""
    for _ in range(1200):
        for log in (workspace / "logs").glob("*.log"):
            if found := re.search(r"pids (\d+) (\d+)", log.read_text()):
                return [int(pid) for pid in found.groups()]
        time.sleep(0.05)
    raise AssertionError("the worker did not start")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(pids: list[int]) -> bool:
    for _ in range(40):
        if not any(is_running(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("scenario", "exit_code", "outcome", "message"),
    [
        ("ok", 0, "pushed", "Pushed: version 3 is released to model servers."),
        ("cached", 0, "unchanged", "Unchanged: nothing new; version 3 stays released."),
        ("refused", 3, "refused", "test accuracy 0.9312 is below gate.min_accuracy 0.95"),
        ("fails", 1, "failed", "Failed in Trainer: the weights file has 3 layers, the backbone 5"),
        (
            "misfit",
            2,
            "failed",
            " cannot be used: model.weights: a.h5 does not fit MobileNetV2",
        ),
        (
            "killed",
            1,
            "failed",
            "Failed in Trainer: the worker was killed by signal 9 (often: out of memory) "
            "while Trainer was running",
        ),
        (
            "raises",
            1,
            "failed",
            "the worker ended with exit code 1 while Trainer was running: "
            "MemoryError: not enough memory for the features",
        ),
        ("stops early", 1, "failed", "the worker ended with exit code 0 while Trainer was running"),
        ("malformed event", 1, "failed", "malformed event from the worker: not an event: hello"),
    ],
)
def test_outcomes(
    scenario: str, exit_code: int, outcome: str, message: str, workspace: Path
) -> None:
    returned, output = run(scenario, workspace)
    summary = summary_of(workspace)
    assert (returned, summary.exit_code, summary.outcome) == (exit_code, exit_code, outcome)
    assert message in output
    assert "\x1b" not in output
    assert ("  log  " in output) == (outcome == "failed")


def test_a_run_leaves_its_config_events_log_and_summary(workspace: Path) -> None:
    run("ok", workspace)
    [folder] = (workspace / "runs").iterdir()
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", folder.name)
    assert json.loads((folder / "config.json").read_text())["data"]["source"] == "digits"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert (events[0]["kind"], events[-1]["component"]) == ("phase", "Pusher")
    log = workspace / "logs" / f"{folder.name}.log"
    assert "this is TensorFlow's log" in log.read_text()
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", "events.jsonl", "summary.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)],
    ids=["HUP", "INT", "TERM"],
)
def test_a_signal_shuts_the_run_down_cleanly(
    number: signal.Signals, exit_code: int, workspace: Path, waiting: "Process[str]"
) -> None:
    waiting.send_signal(number)
    output, errors = waiting.communicate(timeout=10)
    assert waiting.returncode == exit_code
    assert number.name in output and RERUN_HINT in output
    assert "Traceback" not in output + errors
    summary = summary_of(workspace)
    assert (summary.outcome, summary.exit_code) == ("failed", exit_code)
    assert summary.error is not None and summary.error.cause == f"interrupted by {number.name}"
    assert summary.components["Transform"].state == "done"
    assert summary.components["Trainer"].state == "stopped"
    assert summary.components["Pusher"].state == "waiting"
    assert ended(worker_pids(workspace))


@pytest.mark.parametrize("waiting", ["ignores SIGTERM"], indirect=True)
@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_ignores_sigterm_is_killed(
    times: int, workspace: Path, waiting: "Process[str]"
) -> None:
    for _ in range(times):
        waiting.send_signal(signal.SIGINT)
        time.sleep(0.1)
    waiting.communicate(timeout=10)
    assert waiting.returncode == 130
    assert ended(worker_pids(workspace))


def test_the_worker_does_not_outlive_a_killed_front_end(
    workspace: Path, waiting: "Process[str]"
) -> None:
    worker, child = worker_pids(workspace)
    waiting.kill()
    waiting.wait()
    try:
        assert ended([worker])
        assert run("ok", workspace)[0] == 0, "the workspace is free again"
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_worker_killed_from_outside_is_reported(workspace: Path, waiting: "Process[str]") -> None:
    os.kill(worker_pids(workspace)[0], signal.SIGTERM)
    output, _ = waiting.communicate(timeout=10)
    assert waiting.returncode == 1
    assert "killed by signal 15 while Trainer was running" in output
    assert ended(worker_pids(workspace))


def test_a_signal_after_the_last_component_changes_nothing(workspace: Path) -> None:
    process = start("does not end", workspace)
    events = workspace / "runs"
    while not any('"Pusher","state"' in path.read_text() for path in events.glob("*/events.jsonl")):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert (process.returncode, summary_of(workspace).outcome) == (0, "pushed"), output


def test_one_run_at_a_time_in_a_workspace(workspace: Path, waiting: "Process[str]") -> None:
    second = start("ok", workspace)
    _, errors = second.communicate(timeout=10)
    assert second.returncode == 1
    [run_id] = os.listdir(workspace / "runs")
    assert f"run {run_id} (process {waiting.pid}) is using the workspace {workspace}" in errors
    assert "--workspace" in errors


def test_a_full_disk_is_reported_without_a_traceback(workspace: Path) -> None:
    # A file size limit simulates the full disk: writing fails in the same places.
    command = f"ulimit -f 8; exec {sys.executable} {RUN_FAKE} ok 0.001 {workspace}"
    result = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert result.returncode == 1
    assert f"the workspace {workspace} cannot be written: File too large" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_closed_stdout_does_not_stop_the_run(workspace: Path) -> None:
    process = start("ok", workspace)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=10) == 0
    assert summary_of(workspace).outcome == "pushed"
    process.stderr.close()


def test_a_terminal_shows_a_live_table_and_gets_its_cursor_back(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")  # The environment of the tests may have none.
    master, slave = pty.openpty()
    process = start("ok", workspace, stdout=slave)
    os.close(slave)
    output = b""
    try:
        while data := os.read(master, 65536):
            output += data
    except OSError:
        pass  # Linux reports a closed terminal as EIO.
    process.communicate(timeout=10)
    os.close(master)
    assert process.returncode == 0
    assert b"\x1b[?25l" in output and output.rindex(b"\x1b[?25h") > output.rindex(b"\x1b[?25l")
    assert "Pushed: version 3" in output.decode()


def test_worker_environment() -> None:
    environment = worker_environment({"PATH": "/bin", "TF_USE_LEGACY_KERAS": "1"})
    assert environment["PATH"] == "/bin"
    assert environment["TF_USE_LEGACY_KERAS"] == "0"
    assert environment["TF_CPP_MIN_LOG_LEVEL"] == "1"
    assert worker_environment({"TF_CPP_MIN_LOG_LEVEL": "3"})["TF_CPP_MIN_LOG_LEVEL"] == "3"
