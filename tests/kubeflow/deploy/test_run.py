"""Following a run, and its outcome."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from kubeflow.client.api import PipelinesHost
from kubeflow.client.errors import HostError
from kubeflow.deploy.deployment import ensure_experiment, start_run, upload
from kubeflow.deploy.follow import follow
from kubeflow.deploy.log import read_log_tail
from kubeflow.deploy.outcome import RunOutcome, read_outcome
from kubeflow.deploy.package import Package
from kubeflow.deploy.run import read_run
from pipeline.console.live import LiveView
from pipeline.console.plain import PlainView
from pipeline.run.events import Failed, Finished
from pipeline.run.outcome import EXIT_CODES
from pipeline.run.state import RunState
from tests.fakes.kubeflow.deployed import connect, served, write_package
from tests.fakes.kubeflow.kfp_api_server import KfpApi, argo_run

DONE = {"trainer": "SUCCEEDED", "evaluator": "SUCCEEDED", "pusher": "SUCCEEDED"}
# Names of the pods that Argo creates for the nodes of `argo_run`.
PODS = {
    "trainer": "wf-retry-system-container-impl-101",
    "evaluator": "wf-retry-system-container-impl-201",
    "pusher": "wf-retry-system-container-impl-301",
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KfpApi]:
    with served(monkeypatch, tmp_path) as api:
        yield api


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_package(tmp_path)


def run_to_end(
    api: KfpApi, package: Package, *plays: Callable[[Any], Any]
) -> tuple[RunOutcome, str]:
    """Starts a run, follows it, and returns its outcome and the output."""
    host = connect(api)
    api.plays[:] = plays
    run_id, shown, state = started(host, package), io.StringIO(), RunState()
    run = follow(host, run_id, package, PlainView(shown), state, poll_seconds=0.01)
    return read_outcome(host, run, state), shown.getvalue()


def log_of(component: str, state: Any = "done", **facts: Any) -> str:
    """The log of a finished node, with lines of KFP's launcher."""
    event = Finished(component=component, state=state, seconds=7.1, facts=facts)
    before, after = f"loading\n{component}  done  7.1s  any text\n", "publishing\n" * 100
    return f"{before}{event.model_dump_json()}\nI1123 03:12:01 launcher_v2.go] {after}"


def started(host: PipelinesHost, package: Package) -> str:
    experiment_id, _ = ensure_experiment(host, "nightly")
    run_id: str = start_run(host, upload(host, package), experiment_id, "digits", {}).run_id
    return run_id


def test_states_are_shown_as_they_change(api: KfpApi, package: Package) -> None:
    _, shown = run_to_end(
        api,
        package,
        lambda run: {"state": "PENDING"},
        argo_run("RUNNING", {"trainer": "PENDING"}),
        argo_run("RUNNING", {"trainer": "RUNNING"}),
        argo_run("RUNNING", {"trainer": "RUNNING"}),
        argo_run("RUNNING", {"trainer": "SUCCEEDED", "evaluator": "RUNNING"}),
        argo_run("SUCCEEDED", DONE),
    )
    assert shown.splitlines() == [
        "Trainer    starting",
        "Trainer    running",
        "Trainer    done  3.0s",
        "Evaluator  running",
        "Evaluator  done  3.0s",
        "Pusher     done  3.0s",
    ]


def test_the_duration_of_a_running_task(package: Package) -> None:
    # Argo gives a running task an end in the year 1.
    now = datetime(2026, 11, 23, 3, 1, 12, tzinfo=timezone.utc)
    run = read_run(argo_run("RUNNING", {"trainer": "RUNNING"})({}), package, now)
    assert [task.seconds for task in run.tasks] == [60.0, None, None]


def test_pushed_by_the_logs(api: KfpApi, package: Package) -> None:
    text = "0.983 on 301 images: blessed"
    api.logs[PODS["evaluator"]] = log_of("Evaluator", blessed=True, text=text, test_accuracy=0.983)
    api.logs[PODS["pusher"]] = log_of("Pusher", pushed=True, version=1795444680, path="gs://b/1")
    outcome, _ = run_to_end(api, package, argo_run("SUCCEEDED", DONE))
    assert outcome.word == "pushed"
    assert outcome.lines == (
        "Pushed: version 1795444680 is released to model servers. (12m05s)",
        f"  test accuracy {text}",
        "  model         gs://b/1",
    )


def test_refused_by_the_logs(api: KfpApi, package: Package) -> None:
    api.is_user_interface = False
    reason = "accuracy 0.61 is below 0.95"
    api.logs[PODS["evaluator"]] = log_of("Evaluator", blessed=False, reasons=[reason])
    api.logs[PODS["pusher"]] = log_of("Pusher", pushed=False)
    outcome, _ = run_to_end(api, package, argo_run("SUCCEEDED", DONE))
    assert EXIT_CODES[outcome.word] == 3
    assert outcome.lines == (
        "Refused: the gate refused this model. (12m05s)",
        f"  because       {reason}",
    )


def test_text_in_a_log_does_not_decide(api: KfpApi, package: Package) -> None:
    api.logs[PODS["evaluator"]] = "Evaluator  done  7.1s  refused: accuracy 0.61 is below 0.95\n"
    api.logs[PODS["pusher"]] = log_of("Pusher", pushed=True, version=17)
    outcome, _ = run_to_end(api, package, argo_run("SUCCEEDED", DONE))
    assert outcome.word == "pushed"


def test_unchanged_by_the_logs(api: KfpApi, package: Package) -> None:
    api.logs[PODS["pusher"]] = log_of("Pusher", "cached", pushed=True, version=17)
    outcome, _ = run_to_end(api, package, argo_run("SUCCEEDED", DONE))
    assert (outcome.word, EXIT_CODES[outcome.word]) == ("unchanged", 0)


def test_succeeded_without_logs(api: KfpApi, package: Package) -> None:
    outcome, _ = run_to_end(api, package, argo_run("SUCCEEDED", DONE))
    assert EXIT_CODES[outcome.word] == 0
    assert outcome.lines == ("Finished. (12m05s) Its result is on the pages of its tasks.",)


def newer_run(blessed: float) -> dict[str, Any]:
    """A run in versions of KFP without ML Metadata: an entry per task, with pods and metrics."""
    metadata = {"evaluator": {"blessed": blessed}, "pusher": {"pushed": 1, "version": 17}}
    details = [
        {
            "name": key,
            "display_name": key.title(),
            "state": "SUCCEEDED",
            "pods": [{"name": f"{key}-pod", "type": "EXECUTOR"}],
            "outputs": {"artifacts": [{"artifacts": [{"metadata": metadata.get(key, {})}]}]},
        }
        for key in DONE
    ]
    return {"run_id": "r", "state": "SUCCEEDED", "run_details": {"task_details": details}}


@pytest.mark.parametrize(("blessed", "code"), [(1, 0), (0, 3)])
def test_metrics_in_the_api(api: KfpApi, package: Package, blessed: int, code: int) -> None:
    run = read_run(newer_run(blessed), package)
    assert [task.pods for task in run.tasks][0] == ("trainer-pod",)
    state = RunState()
    run.update(state)
    outcome = read_outcome(connect(api), run, state)
    assert EXIT_CODES[outcome.word] == code
    assert ("version 17" in outcome.lines[0]) == bool(blessed)


@pytest.mark.parametrize("is_user_interface", [True, False], ids=["interface", "server"])
def test_a_failed_task_and_its_log(api: KfpApi, package: Package, is_user_interface: bool) -> None:
    api.is_user_interface = is_user_interface
    log = "".join(f"line {number}\n" for number in range(100))
    api.logs[PODS["trainer"]] = f"{log}Trainer failed: no space left on device"
    outcome, shown = run_to_end(
        api, package, argo_run("FAILED", {"trainer": "FAILED"}, "main exited with 1")
    )
    assert "Trainer    failed" in shown
    assert EXIT_CODES[outcome.word] == 1
    assert outcome.lines[0] == "Failed in Trainer: main exited with 1 (12m05s)"
    assert outcome.lines[1] == "The last lines of Trainer's log:"
    assert outcome.lines[-1] == "  | Trainer failed: no space left on device"
    assert 20 < len(outcome.lines) < 30


def test_a_failed_task_that_says_why(api: KfpApi, package: Package) -> None:
    event = Failed(component="Trainer", cause="no space left on device", hint="Free some.")
    api.logs[PODS["trainer"]] = f"Traceback ...\n{event.model_dump_json()}\nexit status 1\n"
    outcome, _ = run_to_end(
        api, package, argo_run("FAILED", {"trainer": "FAILED"}, "main exited with 1")
    )
    assert outcome.lines[:2] == (
        "Failed in Trainer: no space left on device (12m05s)",
        "  what to do    Free some.",
    )
    assert outcome.lines[2].startswith("  log           kubectl -n kubeflow logs -l pipeline/runid")


def test_a_failed_task_without_a_log(api: KfpApi, package: Package) -> None:
    outcome, _ = run_to_end(api, package, argo_run("FAILED", {"trainer": "FAILED"}))
    assert outcome.lines[0] == "Failed in Trainer. (12m05s)"
    assert "cannot be read from here" in outcome.lines[1]
    assert "kubectl -n kubeflow logs -l pipeline/runid=" in outcome.lines[2]


def test_a_run_that_was_stopped(api: KfpApi, package: Package) -> None:
    outcome, _ = run_to_end(api, package, argo_run("CANCELED", {"trainer": "RUNNING"}))
    assert EXIT_CODES[outcome.word] == 1
    assert outcome.lines[0].startswith("Stopped on the cluster")


def test_a_host_that_fails_for_a_while(api: KfpApi, package: Package) -> None:
    host = connect(api)
    run_id = started(host, package)
    api.plays[:] = [argo_run("SUCCEEDED", DONE)]
    api.fail("GET .*/runs/", status=503, times=6)
    api.fail("GET .*/runs/", status=0, times=2)
    shown = io.StringIO()
    run = follow(host, run_id, package, PlainView(shown), RunState(), poll_seconds=0.01)
    assert run.has_succeeded
    lines = shown.getvalue().splitlines()
    assert "is not available (503, looking at the run)" in lines[0] and lines[0].endswith(
        "; trying again"
    )
    # Once, not for each request.
    assert "Remote end closed connection without response; trying again" in lines[1]
    assert lines[2].startswith("Trainer")


def test_a_host_that_stays_unavailable(api: KfpApi, package: Package) -> None:
    host = connect(api)
    run_id = started(host, package)
    api.fail("GET .*/runs/", status=503, times=1000)
    seconds = iter(range(0, 100_000, 100))
    with pytest.raises(HostError, match="503"):
        view = PlainView(io.StringIO())
        follow(host, run_id, package, view, RunState(), 0.01, clock=lambda: next(seconds))


def test_a_token_that_expires(api: KfpApi, package: Package) -> None:
    host = connect(api, token="secret")
    run_id = started(host, package)
    api.token = "another"
    with pytest.raises(HostError, match="401"):
        follow(host, run_id, package, PlainView(io.StringIO()), RunState(), 0.01)


def test_missing_pods_have_no_log(api: KfpApi) -> None:
    tail = read_log_tail(connect(api), "run", ["wf-1"] * 100)
    assert tail.lines == () and "not found" in tail.why_none
    # Few requests, for many pods.
    assert len(api.requests) < 30


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_table_on_a_terminal(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # a test machine may have none
    stream, state = Terminal(), RunState()
    view = LiveView(stream, width=100)
    view.begin(())
    read_run(argo_run("RUNNING", {"trainer": "RUNNING"})({}), package).update(state)
    view.show(state)
    view.notice("trying again")
    view.tick(state)
    tasks = {"trainer": "SUCCEEDED", "evaluator": "FAILED"}
    read_run(argo_run("FAILED", tasks)({}), package).update(state)
    view.show(state)
    view.close(state)
    shown = stream.getvalue()
    assert "trying again" in shown
    last = shown[shown.rindex("Trainer") - 200 :]
    assert "✓" in last and "✗" in last and "not run" in last
