"""One run at a time in a workspace: real processes, really killed."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.run.lock import LOCK_FILE, lock_workspace
from pipeline.run.paths import WorkspaceError
from tests.repository import REPOSITORY

# Locks a workspace, starts a child that outlives it, and prints the child's pid.
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from pipeline.run.lock import lock_workspace
with lock_workspace(Path(sys.argv[1])) as lock:
    lock.record_run("20261123T060017Z-5d30")
    nowhere = subprocess.DEVNULL
    child = subprocess.Popen(["sleep", "60"], stdin=nowhere, stdout=nowhere, stderr=nowhere)
    print(child.pid, flush=True)
    sys.stdin.read()
"""
WAITER = """
import signal, sys
# A shell starts background jobs with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from pipeline.run.lock import lock_workspace
with lock_workspace(Path(sys.argv[1]), lambda text: print(text, flush=True)):
    print("locked", flush=True)
"""


def _start(code: str, workspace: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(workspace)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = _start(HOLDER, tmp_path)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process
    os.kill(child, signal.SIGKILL)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def _first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_run_is_refused_with_the_name_of_the_first(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(WorkspaceError) as caught, lock_workspace(tmp_path):
        pass
    message = str(caught.value)
    assert f"run 20261123T060017Z-5d30 (process {holder.pid}) is using the workspace" in message
    assert str(tmp_path) in message and "--wait" in message and "--workspace" in message


def test_a_second_run_waits_with_on_wait(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    waiter = _start(WAITER, tmp_path)
    message = _first_line(waiter)
    assert f"process {holder.pid}) is using the workspace {tmp_path}; waiting" in message
    assert waiter.poll() is None
    assert holder.stdin is not None
    holder.stdin.close()
    assert _first_line(waiter) == "locked\n"
    assert waiter.communicate()[1] == ""


def test_a_killed_holder_releases_the_lock_although_its_child_lives(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    waiter = _start(WAITER, tmp_path)
    _first_line(waiter)
    holder.kill()
    assert _first_line(waiter) == "locked\n"
    waiter.communicate()


def test_ctrl_c_ends_the_wait(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    waiter = _start(WAITER, tmp_path)
    _first_line(waiter)
    waiter.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in waiter.communicate()[1]
    assert holder.poll() is None


def test_the_lock_is_released_and_can_be_acquired_again(tmp_path: Path) -> None:
    for _ in range(2):
        with lock_workspace(tmp_path / "new" / "workspace"):
            pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "r"}'])
def test_a_holder_that_has_not_recorded_itself_yet(
    tmp_path: Path, holder: "subprocess.Popen[str]", text: str
) -> None:
    (tmp_path / LOCK_FILE).write_text(text)
    with pytest.raises(WorkspaceError, match="^another run is using"), lock_workspace(tmp_path):
        pass


def test_holder_on_another_machine_is_named(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    (tmp_path / LOCK_FILE).write_text('{"run_id": null, "process": 7, "host": "elsewhere"}')
    assert socket.gethostname() != "elsewhere"
    with (
        pytest.raises(WorkspaceError, match=r"another run \(process 7 on elsewhere\) is using"),
        lock_workspace(tmp_path),
    ):
        pass


def test_unusable_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(WorkspaceError, match="cannot be used: Not a directory"),
        lock_workspace(tmp_path / "file" / "workspace"),
    ):
        pass


def test_command_waits_for_the_workspace(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    command = [sys.executable, "-m", "pipeline", "run", "configs/digits.yaml", "--wait"]
    process = subprocess.Popen(
        [*command, "--workspace", str(tmp_path)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    assert "20261123T060017Z-5d30" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=300) == 130
    process.stderr.close()
    assert not (tmp_path / "runs").exists()


def test_a_workspace_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    workspace = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(WorkspaceError, match="its path is not UTF-8"), lock_workspace(workspace):
        pass
    assert not workspace.exists()


@pytest.mark.parametrize("name", ["a*", "a?", "a[b]", "a\\b"])
def test_a_workspace_whose_path_is_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    message = f"its path has {re.escape(name[1])}, which TFX and TensorFlow read as a pattern"
    with pytest.raises(WorkspaceError, match=message), lock_workspace(tmp_path / name / "below"):
        pass
    assert not (tmp_path / name).exists()
