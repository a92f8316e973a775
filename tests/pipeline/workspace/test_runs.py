"""The commands `runs` and `report`."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.repository import REPOSITORY

PUSHED, REFUSED, FAILED, KILLED = (f"202611{day}T060017Z-5d30" for day in ("20", "21", "22", "23"))


def pipeline(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=REPOSITORY, env=env, timeout=300
    )


def summary(outcome: str, **known: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "started": "2026-11-20T06:00:17.5Z",
        "seconds": 142.2,
        "test": {"accuracy": 0.9875, "examples": 1301},
        "pushed": None,
        "error": None,
        **known,
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A run of each kind."""
    page = tmp_path / "artifacts" / "index.html"
    page.parent.mkdir()
    page.write_text("<!doctype html>")
    error = {"component": "Trainer", "cause": "out of memory\nsecond line", "hint": None}
    summaries = {
        PUSHED: summary("pushed", pushed={"version": 1795413758}, report=str(page)),
        REFUSED: summary("refused", report=str(tmp_path / "gone.html")),
        FAILED: summary("failed", test=None, seconds=3.2, error=error),
        KILLED: None,
    }
    for run_id, content in summaries.items():
        (tmp_path / "runs" / run_id).mkdir(parents=True)
        if content:
            (tmp_path / "runs" / run_id / "summary.json").write_text(json.dumps(content))
    return tmp_path


def test_runs_are_listed_newest_first(workspace: Path) -> None:
    result = pipeline("runs", workspace)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "run                    started (UTC)     outcome     test accuracy   time   version     "
        "note",
        f"{KILLED}  2026-11-23 06:00  unfinished  -               -      -",
        f"{FAILED}  2026-11-20 06:00  failed      -               3.2s   -           out of memory",
        f"{REFUSED}  2026-11-20 06:00  refused     0.988 on 1,301  2m22s  -",
        f"{PUSHED}  2026-11-20 06:00  pushed      0.988 on 1,301  2m22s  1795413758",
    ]


def test_runs_as_json(workspace: Path) -> None:
    rows = json.loads(pipeline("runs", workspace, "--json").stdout)
    assert [row["outcome"] for row in rows] == ["unfinished", "failed", "refused", "pushed"]
    assert rows[0] == {
        **dict.fromkeys(rows[0]),
        "run_id": KILLED,
        "outcome": "unfinished",
        "started": "2026-11-23T06:00:17+00:00",
    }
    assert rows[3]["test_accuracy"] == 0.9875
    assert rows[3]["report"] == str(workspace / "artifacts" / "index.html")


def test_runs_on_a_terminal(workspace: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "pipeline", "runs", str(workspace)]
    env = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdout=follower, cwd=REPOSITORY, env=env)
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 65536):
            shown += chunk
    except OSError:
        pass  # Linux reports a closed terminal as an error.
    os.close(leader)
    assert process.wait(timeout=300) == 0
    assert b"\x1b[" in shown
    assert KILLED.encode() in shown and b"1795413758" in shown


def test_a_damaged_summary_is_an_unfinished_run(workspace: Path) -> None:
    (workspace / "runs" / PUSHED / "summary.json").write_text('{"outcome": ')
    assert "unfinished" in pipeline("runs", workspace).stdout.splitlines()[-1]


def test_no_runs_and_no_workspace(tmp_path: Path) -> None:
    result = pipeline("runs", tmp_path)
    assert (result.returncode, result.stdout) == (0, f"There are no runs in {tmp_path} yet.\n")
    assert pipeline("runs", tmp_path / "nowhere").returncode == 2


def test_report_prints_the_path(workspace: Path) -> None:
    page = f"{workspace / 'artifacts' / 'index.html'}\n"
    assert pipeline("report", PUSHED, "--workspace", workspace).stdout == page
    assert pipeline("report", workspace / "runs" / PUSHED).stdout == page
    for newer in (REFUSED, FAILED, KILLED):
        (workspace / "runs" / newer).rename(workspace / newer)
    assert pipeline("report", workspace).stdout == page


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (REFUSED, f"Error: the report of run {REFUSED} was deleted: "),
        (
            FAILED,
            f"Error: run {FAILED} failed in Trainer: out of memory\nsecond line\nThe report is the "
            "last step of a run; this run did not get that far.\nIts log: ",
        ),
        (KILLED, f"Error: run {KILLED} has no report yet: it is still running, or was killed\n"),
        ("nope", "Error: there is no run nope in "),
    ],
)
def test_no_report_is_explained(workspace: Path, run: str, message: str) -> None:
    result = pipeline("report", run, "--workspace", workspace)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert result.stdout == ""


def test_a_run_of_a_pipeline_without_report(workspace: Path) -> None:
    path = workspace / "runs" / PUSHED / "summary.json"
    path.write_text(json.dumps(summary("pushed")))
    result = pipeline("report", PUSHED, "--workspace", workspace)
    assert "its pipeline has no Report component" in result.stderr
    assert f"Its summary: {path}" in result.stderr


def test_a_workspace_without_runs(tmp_path: Path) -> None:
    result = pipeline("report", PUSHED, "--workspace", tmp_path)
    assert f"there are no runs in {tmp_path}" in result.stderr


def test_open(workspace: Path) -> None:
    browser = workspace / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{workspace}/opened\n')
    browser.chmod(0o755)
    run = ("report", PUSHED, "--workspace", workspace, "--open")
    result = pipeline(*run, BROWSER=f"{browser} %s")
    assert result.returncode == 0, result.stderr
    opened = (workspace / "opened").read_text().strip()
    assert opened == (workspace / "artifacts" / "index.html").as_uri()


def test_open_without_a_browser(workspace: Path) -> None:
    run = ("report", PUSHED, "--workspace", workspace, "--open")
    result = pipeline(*run, PATH="/nowhere", BROWSER="", DISPLAY="", WAYLAND_DISPLAY="")
    assert result.returncode == 1
    assert "no browser could be started here" in result.stderr
    assert result.stdout.strip().endswith("index.html")
