from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from components.evaluator.settings import GateSettings
from pipeline.run.events import Event, Failed, Finished, Plan, Started, State
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder
from pipeline.run.state import RunState
from pipeline.run.summary import Summary, write_summary

START = datetime(2026, 11, 23, tzinfo=timezone.utc)
PUSHED: dict[str, Any] = {"pushed": True, "version": 3, "path": "/serving/3"}
WITHDRAWN: dict[str, Any] = {**PUSHED, "pushed": False, "is_new": False, "withdrawn": True}
FAILED_CHECK: dict[str, Any] = {
    "passed": False,
    "is_checked": True,
    "failures": ["two calls with the same images give different answers"],
}


def state_of(*events: Event) -> RunState:
    names = ["Trainer", "Evaluator", "ServingCheck", "Pusher", "Report"]
    return RunState([Plan(components=names), *events])


def finished(component: str, state: State = "done", **facts: Any) -> Finished:
    return Finished(component=component, state=state, seconds=1, facts=facts)


@pytest.mark.parametrize(
    ("evaluator", "pusher", "outcome"),
    [
        (finished("Evaluator", blessed=True), finished("Pusher", **PUSHED), "pushed"),
        (
            finished("Evaluator", "cached", blessed=True),
            finished("Pusher", "cached", **PUSHED),
            "unchanged",
        ),
        (
            finished("Evaluator", "cached", blessed=True),
            finished("Pusher", **PUSHED),
            "pushed",
        ),
        (finished("Evaluator", blessed=True), finished("Pusher", "cached", **PUSHED), "unchanged"),
        (finished("Evaluator", blessed=False), finished("Pusher", pushed=False), "refused"),
        (
            finished("Evaluator", "cached", blessed=False),
            finished("Pusher", "cached", pushed=False),
            "refused",
        ),
        (finished("Evaluator", blessed=False), finished("Pusher", "skipped"), "refused"),
        (finished("Evaluator", blessed=True), Failed(component="Pusher", cause="x"), "failed"),
        (
            finished("Evaluator", blessed=True),
            finished("Pusher", **PUSHED, is_new=True),
            "pushed",
        ),
        (
            finished("Evaluator", blessed=True),
            finished("Pusher", **PUSHED, is_new=False),
            "unchanged",
        ),
        (finished("Evaluator", blessed=True), finished("Pusher", **WITHDRAWN), "unchanged"),
    ],
)
def test_outcomes(evaluator: Event, pusher: Event, outcome: str) -> None:
    assert state_of(finished("Trainer"), evaluator, pusher).outcome.word == outcome


@pytest.mark.parametrize("state", ["done", "cached"])
def test_a_model_that_fails_the_serving_check_is_refused(tmp_path: Path, state: State) -> None:
    summary = summary_of(
        RunFolder(tmp_path, "id"),
        finished("Evaluator", state, blessed=True, reasons=[]),
        finished("ServingCheck", state, **FAILED_CHECK),
        finished("Pusher", state, pushed=False, version=None, path=None),
    )
    assert (summary.outcome, summary.exit_code) == ("refused", 3)
    assert summary.serving_failures == FAILED_CHECK["failures"]
    assert summary.gate is not None and summary.gate.blessed
    assert (summary.pushed, summary.in_service) == (None, None)


def test_a_model_that_was_in_service_already_is_not_pushed(tmp_path: Path) -> None:
    events = finished("Evaluator", blessed=True), finished("Pusher", **PUSHED, is_new=False)
    summary = summary_of(RunFolder(tmp_path, "id"), *events)
    assert (summary.outcome, summary.exit_code, summary.pushed) == ("unchanged", 0, None)
    assert summary.in_service is not None and summary.in_service.version == 3
    assert not summary.withdrawn


def test_a_model_that_a_rollback_took_out_of_service(tmp_path: Path) -> None:
    events = finished("Evaluator", blessed=True), finished("Pusher", **WITHDRAWN)
    summary = summary_of(RunFolder(tmp_path, "id"), *events)
    assert (summary.outcome, summary.pushed, summary.withdrawn) == ("unchanged", None, True)
    assert summary.in_service is not None and summary.in_service.path == "/serving/3"


@pytest.mark.parametrize(
    ("state", "cause", "version"),
    [
        ("done", "the report could not be written", 3),
        ("done", "interrupted by SIGINT", 3),
        ("cached", "the report could not be written", None),
    ],
)
def test_a_push_before_the_run_failed_is_in_the_summary(
    tmp_path: Path, state: State, cause: str, version: int | None
) -> None:
    summary = summary_of(
        RunFolder(tmp_path, "id"),
        finished("Evaluator", blessed=True),
        finished("Pusher", state, **PUSHED, is_new=True),
        Started(component="Report"),
        Failed(component="Report", cause=cause),
    )
    assert summary.outcome == "failed"
    assert (summary.pushed and summary.pushed.version) == version
    assert summary.in_service is not None and summary.in_service.version == 3


def summary_of(run: RunFolder, *events: Event) -> Summary:
    return build_summary(
        state_of(*events),
        run,
        GateSettings(min_accuracy=0.9),
        started=START,
        finished=START + timedelta(seconds=5),
        config_path="a.yaml",
    )


def test_a_whole_summary(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, "id")
    run.path.mkdir(parents=True)
    stage: dict[str, Any] = {
        "name": "head",
        "epochs": 2,
        "seconds": 1.5,
        "validation_accuracy": 0.9,
        "new": 1,
    }
    summary = summary_of(
        run,
        finished("Trainer", stages=[stage]),
        finished("Evaluator", test_accuracy=0.95, test_examples=10, blessed=True, reasons=[]),
        finished("Pusher", **PUSHED),
    )
    assert (summary.outcome, summary.exit_code, summary.seconds) == ("pushed", 0, 5)
    assert summary.stages[0].epochs == 2
    assert summary.test is not None and summary.test.accuracy == 0.95
    assert summary.gate is not None and summary.gate.min_accuracy == 0.9
    assert summary.pushed is not None and summary.pushed.version == 3
    names = ["Trainer", "Evaluator", "ServingCheck", "Pusher", "Report"]
    assert list(summary.components) == names
    write_summary(summary, run)
    assert Summary.model_validate_json(run.summary.read_text()) == summary
    assert [path.name for path in run.path.iterdir()] == ["summary.json"]


def test_a_failure_in_the_middle(tmp_path: Path) -> None:
    summary = summary_of(
        RunFolder(tmp_path, "id"),
        Started(component="Trainer"),
        Failed(component="Trainer", cause="no weights", hint="get some"),
        Failed(component=None, cause="came of it"),
    )
    assert (summary.outcome, summary.exit_code) == ("failed", 1)
    assert summary.error is not None
    assert (summary.error.component, summary.error.cause) == ("Trainer", "no weights")
    assert summary.error.log == str(tmp_path / "logs" / "id.log")
    states = [part.state for part in summary.components.values()]
    assert states == ["failed", *["waiting"] * 4]
    assert (summary.images, summary.test, summary.gate, summary.pushed) == (None,) * 4
