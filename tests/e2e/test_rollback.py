"""Runs after a rollback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.runs import run_pipeline
from tests.repository import REPOSITORY

# Several whole runs: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(10)]


def _command(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def _models(workspace: Path) -> list[dict[str, Any]]:
    return json.loads(_command("models", str(workspace), "--json"))


def test_unchanged_runs_respect_a_rollback(small: Path, tmp_path: Path) -> None:
    config, workspace = small, tmp_path / "workspace"
    good = run_pipeline(config, workspace, "trainer.seed=1").summary
    bad = run_pipeline(config, workspace, "trainer.seed=2").summary
    _command("rollback", str(workspace))
    restored = _models(workspace)[0]
    assert restored["copy_of"] == good["pushed"]["version"]
    assert restored["test_accuracy"] == good["test"]["accuracy"]

    for _ in range(2):
        nightly = run_pipeline(config, workspace, "trainer.seed=2")
        assert (nightly.exit_code, nightly.summary["outcome"]) == (0, "unchanged"), nightly.output
        assert nightly.summary["withdrawn"]
        assert nightly.summary["in_service"]["version"] == restored["version"]
        assert "a rollback withdrew this model" in nightly.output

    # The model that was put back is the result of an unchanged run with its own settings.
    back = run_pipeline(config, workspace, "trainer.seed=1").summary
    assert (back["outcome"], back["withdrawn"]) == ("unchanged", False)
    assert back["in_service"]["version"] == restored["version"]

    new = run_pipeline(config, workspace, "trainer.seed=3").summary
    assert new["outcome"] == "pushed"

    _command("rollback", str(workspace), "--to", str(bad["pushed"]["version"]))
    again = run_pipeline(config, workspace, "trainer.seed=2").summary
    assert (again["outcome"], again["withdrawn"]) == ("unchanged", False)
    newest = _models(workspace)[0]
    assert newest["copy_of"] == bad["pushed"]["version"]
    assert again["in_service"]["version"] == newest["version"]
