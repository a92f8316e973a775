"""`python -m kubeflow deploy` and `schedule`, from the command line to the host."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubeflow.cli import main
from pipeline.config.schema import PipelineConfig
from pipeline.run.events import Finished
from tests.fakes.kubeflow.clusters import DIGITS, with_short_stack
from tests.fakes.kubeflow.deployed import served, write_package
from tests.fakes.kubeflow.kfp_api_server import KfpApi, argo_run
from tests.repository import REPOSITORY

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KfpApi]:
    with served(monkeypatch, tmp_path) as api:
        yield api


@pytest.fixture(scope="module")
def compile_once() -> Callable[[PipelineConfig], str]:
    """The compiler with a cache: it takes a second, and has tests of its own."""
    from kubeflow.compile.pipeline import compile_pipeline

    cache: dict[str, str] = {}

    def compile_cached(config: PipelineConfig) -> str:
        key = config.model_dump_json()
        if key not in cache:
            cache[key] = with_short_stack(compile_pipeline, config)
        return cache[key]

    return compile_cached


@pytest.fixture
def kubeflow(
    api: KfpApi,
    compile_once: Callable[[PipelineConfig], str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Command:
    """Runs a command with the sample configuration; returns its exit code and output."""
    monkeypatch.setattr("kubeflow.compile.pipeline.compile_pipeline", compile_once)

    def run(command: str, *arguments: str) -> tuple[int, str]:
        given = ["kubeflow", command, str(DIGITS), "--host", api.host, *arguments]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return (code if isinstance(code, int) else 0), printed.out + printed.err

    return run


def test_deploy_and_again(api: KfpApi, kubeflow: Command) -> None:
    code, printed = kubeflow("deploy")
    assert code == 0
    assert [line.split()[0] for line in printed.splitlines()] == [
        "pipeline", "version", "experiment", "page",
    ]  # fmt: skip
    assert printed.count("(new)") == 3 and not api.runs
    code, printed = kubeflow("deploy")
    assert code == 0
    assert "(unchanged: this content is uploaded already)" in printed and "(new)" not in printed
    assert len(api.pipelines) == len(api.versions) == len(api.experiments) == 1


def test_a_namespace_is_not_used_with_a_single_user(kubeflow: Command) -> None:
    code, printed = kubeflow("deploy", "--namespace", "alice")
    assert code == 0 and "--namespace alice is not used: this Kubeflow has one user" in printed


def test_run_with_parameters(api: KfpApi, kubeflow: Command) -> None:
    code, printed = kubeflow("deploy", "--run", "--param", "min_accuracy=0.97")
    [run] = api.runs.values()
    assert code == 0
    assert run["runtime_config"] == {"parameters": {"min_accuracy": "0.97"}}
    assert f"{api.host}/#/runs/details/{run['run_id']}" in printed
    assert not api.requested("GET .*/runs/")


def test_wait_for_a_failure(api: KfpApi, kubeflow: Command) -> None:
    api.plays[:] = [
        argo_run("RUNNING", {"trainer": "RUNNING"}),
        argo_run("FAILED", {"trainer": "FAILED"}, "exit code 1"),
    ]
    code, printed = kubeflow("deploy", "--wait", "--poll", "0.01")
    assert code == 1
    assert "Trainer          running\n" in printed
    assert "Failed in Trainer: exit code 1 (12m05s)\n" in printed


def test_wait_for_a_refusal(api: KfpApi, kubeflow: Command) -> None:
    event = Finished(
        component="Evaluator", state="done", seconds=7.1, facts={"blessed": False, "reasons": ["x"]}
    )
    api.logs["wf-system-container-impl-101"] = f"loading\n{event.model_dump_json()}\n"
    api.plays[:] = [argo_run("SUCCEEDED", {"evaluator": "SUCCEEDED"})]
    code, printed = kubeflow("deploy", "--wait", "--poll", "0.01")
    assert code == 3
    assert "Refused: the gate refused this model." in printed


def test_the_life_of_a_schedule(api: KfpApi, kubeflow: Command) -> None:
    assert kubeflow("schedule", "--list") == (0, "There are no schedules.\n")
    code, printed = kubeflow("schedule", "--cron", "0 3 * * *")
    assert code == 0 and printed.startswith("Created: digits runs by cron '0 3 * * *', UTC\n")
    assert "KFP's cron  0 0 3 * * *" in printed
    code, printed = kubeflow("schedule", "--cron", "0 3 * * *")
    assert code == 0 and printed.startswith("Unchanged: digits")
    code, printed = kubeflow("schedule", "--every", "6h", "--set", "gate.min_accuracy=0.97")
    assert code == 0
    assert printed.startswith("Replaced (changed: configuration, time): digits runs every 6h")
    assert kubeflow("schedule", "--pause") == (0, "Paused: digits\n")
    code, printed = kubeflow("schedule", "--list")
    assert printed.splitlines()[1].split()[:4] == ["digits", "paused", "every", "6h"]
    assert kubeflow("schedule", "--resume") == (0, "Resumed: digits\n")
    [listed] = json.loads(kubeflow("schedule", "--json")[1])
    assert (listed["name"], listed["interval_seconds"], listed["paused"]) == (
        "digits",
        21600,
        False,
    )
    assert kubeflow("schedule", "--delete")[0] == 0
    assert kubeflow("schedule", "--pause")[0] == 1
    assert not api.recurring


def test_an_invalid_parameter_is_reported_before_compiling(
    kubeflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubeflow.compile.pipeline.compile_pipeline", None)
    for command in (["deploy", "--run"], ["schedule", "--every", "6h"]):
        code, printed = kubeflow(*command, "--param", "min_accuracy=lots")
        assert (code, "--param min_accuracy: gate.min_accuracy" in printed) == (2, True)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("deploy", ["--param", "span=7"], "add --run or --wait"),
        ("deploy", ["--run", "--param", "spam=7"], "no parameter 'spam'"),
        ("deploy", ["--run", "--param", "min_accuracy=lots"], "--param min_accuracy: gate.min_ac"),
        ("deploy", ["--run", "--param", "data_path=pets"], "--param data_path: data.path: receiv"),
        ("deploy", ["--run", "--param", "config={"], "--param config: is not valid JSON"),
        ("schedule", ["--every", "6h", "--param", "epochs_head=no"], "trainer.stages[0].epochs"),
        ("deploy", ["--host", "localhost"], "is not a URL"),
        ("schedule", [], "give one of --cron"),
        ("schedule", ["--every", "6h", "--pause"], "given are --every and --pause"),
        ("schedule", ["--cron", "0 3 * *"], "has 4 fields"),
        ("schedule", ["--cron", "0", "3", "*", "*", "*"], "Put the expression in quotes"),
        (
            "schedule",
            ["--cron=0", "3", "*", "*", "*"],
            ": 3 * * *\nPut the expression in quotes",
        ),
        (
            "schedule",
            ["other.yaml", "--cron", "0 3 * * *"],
            "takes one CONFIG; unexpected: other.yaml\n",
        ),
        ("schedule", ["other.yaml", "--every", "6h"], "takes one CONFIG; unexpected: other.yaml\n"),
        ("deploy", ["other.yaml"], "unexpected extra argument (other.yaml)"),
        ("schedule", ["--every", "6h", "--timezone", "UTC"], "--timezone goes with --cron"),
        ("schedule", ["--pause", "--param", "span=7"], "--param goes with"),
        ("deploy", ["--set", "gate.min_accuracy=2"], "gate.min_accuracy"),
    ],
)
def test_wrong_usage(
    api: KfpApi, kubeflow: Command, command: str, arguments: list[str], message: str
) -> None:
    code, printed = kubeflow(command, *arguments)
    assert code == 2 and message in printed
    assert ("Put the expression" in printed) == ("Put the expression" in message)
    assert not api.requested("POST")


def test_authentication_failure(api: KfpApi, kubeflow: Command) -> None:
    api.token = "secret"
    code, printed = kubeflow("deploy")
    assert code == 1 and "authentication failed at" in printed


FOLLOW = """
import signal
import sys
from pathlib import Path
from kubeflow.client.api import PipelinesHost
from kubeflow.client.connection import Connection
from kubeflow.deploy.command import follow_to_end
from kubeflow.deploy.package import read_package

# A background process of a shell ignores SIGINT, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
host, run_id, package = sys.argv[1:]
package = read_package(Path(package), name="digits", experiment="digits")
host = PipelinesHost(Connection(host=host, token="secret"))
sys.exit(follow_to_end(host, run_id, package, 0.05, "LINK"))
"""


def test_ctrl_c_does_not_stop_the_run(api: KfpApi, tmp_path: Path) -> None:
    api.runs["run"] = {"run_id": "run"}
    api.plays[:] = [argo_run("RUNNING", {"trainer": "RUNNING"})]
    write_package(tmp_path)
    (home := tmp_path / "home").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, api.host, "run", str(tmp_path / "pipeline.yaml")],
        cwd=REPOSITORY,
        env={**os.environ, "HOME": str(home), "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(api.requested("GET .*/runs/")) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, "No longer following; the run continues: LINK\n")
    assert output.split() == ["Trainer", "running"]
    assert not api.requested("POST|DELETE")
    assert list(home.iterdir()) == []
