"""The command as a person starts it: real processes, exit codes, what they print."""

import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

DIGITS = "configs/digits.yaml"


def pipeline(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=300)


def test_help_is_fast_and_light() -> None:
    seconds = []
    for _ in range(5):
        start = time.monotonic()
        result = pipeline("--help")
        seconds.append(time.monotonic() - start)
    assert result.returncode == 0
    assert "show-config" in result.stdout
    assert "3 the gate or the serving check" in " ".join(result.stdout.split())
    shown = {line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines()[1:]}
    # What only Kubeflow runs is hidden.
    assert shown == {
        "backup", "classify", "cluster", "init", "models", "predict", "report", "rollback", "run",
        "runs", "show-config",
    }  # fmt: skip
    assert min(seconds) < 0.5


def test_the_version() -> None:
    for module in ("pipeline", "kubeflow"):
        command = [sys.executable, "-m", module, "--version"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
        assert result.stdout == f"image-pipeline {version('image-pipeline')}\n"


@pytest.mark.parametrize("command", ["models", "rollback", "runs", "report"])
def test_the_workspace_defaults_to_that_of_run(command: str, tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "pipeline", command]
        return subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=environment)

    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    assert "workspace" in run().stderr
    (tmp_path / "workspace/runs").mkdir(parents=True)
    assert "does not exist" not in run().stderr


def test_the_front_end_never_imports_what_is_heavy() -> None:
    code = (
        "import sys, pipeline.cli.main, pipeline.local.supervise, pipeline.config.load,"
        "pipeline.config.show,"
        "pipeline.console.live, pipeline.console.plain, pipeline.config.reference;"
        "print([m for m in ('tensorflow', 'tfx', 'apache_beam', 'keras', 'numpy', 'kfp')"
        " if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert result.stdout == "[]\n", result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["walk"], "No such command 'walk'"),
        (["run"], "Missing argument 'CONFIG|FOLDER'"),
        (["run", DIGITS, "--sett", "a=b"], "No such option"),
        (["run", "nowhere.yaml"], "nowhere.yaml cannot be used: 1 problem there is no such file"),
        (["run", DIGITS, "--set", "gate.min_accuracy=2"], "1 problem gate.min_accuracy"),
        (["show-config", DIGITS, "--set", "x=2"], "unknown key"),
        (["run", DIGITS, "--workspace", "setup.py"], "is a file"),
    ],
)
def test_wrong_usage_and_configuration_exit_2(arguments: list[str], message: str) -> None:
    result = pipeline(*arguments)
    assert result.returncode == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_show_config_can_be_loaded_again(tmp_path: Path) -> None:
    first = pipeline("show-config", DIGITS, "--set", "trainer.stages[0].epochs=7")
    assert first.returncode == 0
    assert "epochs: 7" in first.stdout
    (tmp_path / "again.yaml").write_text(first.stdout)
    assert pipeline("show-config", str(tmp_path / "again.yaml")).stdout == first.stdout


def test_show_config_shows_what_would_not_run_here(tmp_path: Path) -> None:
    result = pipeline("show-config", DIGITS, "--set", "model={weights: no.h5}")
    assert result.returncode == 0
    assert "weights: no.h5" in result.stdout
    assert "would not run on this machine" in result.stderr
    assert "no such file" in result.stderr


def test_an_unusable_workspace_exits_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = pipeline("run", DIGITS, "--workspace", str(tmp_path / "file" / "workspace"))
    assert result.returncode == 1
    assert "cannot be used: Not a directory" in result.stderr
    assert "Traceback" not in result.stderr


def test_arguments_in_errors_are_printable() -> None:
    result = pipeline("run", "--set", "\x1b[2J", "--no-\x1b[2J")
    assert result.returncode == 2
    assert "--no-\\x1b[2J" in result.stderr and "\x1b" not in result.stderr


def test_a_locale_of_another_encoding_changes_nothing(tmp_path: Path) -> None:
    """A folder is found by its name in UTF-8; a Python that reads ISO-8859-1 looks for another."""
    if not shutil.which("localedef"):
        pytest.skip("needs localedef")
    made = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(tmp_path / "en_US.ISO-8859-1")]
    subprocess.run(made, check=False, capture_output=True)
    environment = os.environ | {"LOCPATH": str(tmp_path), "LC_ALL": "en_US.ISO-8859-1"}
    environment.pop("PYTHONUTF8", None)
    probe = [sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"]
    encoding = subprocess.run(probe, env=environment, capture_output=True, text=True).stdout
    if "8859" not in encoding:
        pytest.skip("this machine cannot make such a locale")
    (tmp_path / "caf\u00e9").mkdir()
    config = tmp_path / "mine.yaml"
    config.write_text(
        "data: {path: caf\u00e9}\npush: {model_name: cafe}\ngate: {min_accuracy: 0.9}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pipeline", "show-config", str(config)]
    result = subprocess.run(command, env=environment, capture_output=True, cwd=REPOSITORY)
    assert result.returncode == 0, result.stderr.decode()
    assert "caf\u00e9" in result.stdout.decode()
