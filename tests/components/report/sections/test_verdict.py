"""The decision at the top of the page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.pusher.facts import PusherFacts
from components.report.inputs.run_facts import RunFacts, Step
from components.report.inputs.sources import Sources
from components.report.sections.verdict import read_verdict
from tests.components.report.conftest import SERVING_CHECK, write_json

BLESSED = {"blessed": True, "reasons": []}
PUSHED = PusherFacts(pushed=True, version=7, path="serving/pets/7")
KEPT = PusherFacts(pushed=False)


def sources(folder: Path, decision: Any = None, check: Any = None, **known: Any) -> Sources:
    if decision is not None:
        write_json(folder / "decision.json", decision)
    if check is not None:
        write_json(folder / "serving_check.json", check)
    folders = {"evaluation": str(folder), "serving_check": str(folder)}
    return Sources(RunFacts(pipeline="pets", run_id="r"), folders=folders, **known)


def test_pushed(tmp_path: Path) -> None:
    verdict = read_verdict(sources(tmp_path, BLESSED, SERVING_CHECK, pushed=PUSHED))
    assert verdict.outcome == "pushed"
    assert verdict.title == "Pushed: version 7 is released to model servers."
    assert verdict.path == "serving/pets/7"


def test_refused_by_the_gate(tmp_path: Path) -> None:
    decision = {"blessed": False, "reasons": ["test accuracy 0.9 is below 0.95", "two."]}
    verdict = read_verdict(sources(tmp_path, decision, pushed=KEPT))
    assert verdict.outcome == "refused"
    assert "the gate refused this model" in verdict.title
    assert verdict.reasons == ("Test accuracy 0.9 is below 0.95.", "Two.")


def test_refused_by_the_serving_check(tmp_path: Path) -> None:
    check = {"passed": False, "failures": ["two calls differ"]}
    verdict = read_verdict(sources(tmp_path, BLESSED, check, pushed=KEPT))
    assert verdict.outcome == "refused"
    assert "failed the serving check" in verdict.title
    assert verdict.reasons == ("Two calls differ.",)


def test_a_model_that_was_in_service_already_is_unchanged(tmp_path: Path) -> None:
    unchanged = sources(tmp_path, BLESSED, pushed=PUSHED.model_copy(update={"is_new": False}))
    assert read_verdict(unchanged).outcome == "unchanged"
    steps = (Step(component="Pusher", state="cached", seconds=0),)
    cached = replace(
        unchanged, pushed=PUSHED, run=unchanged.run.model_copy(update={"steps": steps})
    )
    assert read_verdict(cached).outcome == "unchanged"
    assert "version 7 stays released" in read_verdict(cached).title


def test_a_model_that_was_rolled_back(tmp_path: Path) -> None:
    kept = PusherFacts(pushed=False, withdrawn=True, version=6, path="serving/pets/6")
    verdict = read_verdict(sources(tmp_path, BLESSED, pushed=kept))
    assert verdict.outcome == "unchanged"
    assert verdict.title == (
        "Not pushed: a rollback withdrew this model; version 6 stays released."
    )


@pytest.mark.parametrize(
    ("decision", "pushed", "outcome"),
    [(BLESSED, KEPT, "refused"), (BLESSED, None, "blessed"), (None, None, "unmeasured")],
)
def test_other_pipelines(tmp_path: Path, decision: Any, pushed: Any, outcome: str) -> None:
    assert read_verdict(sources(tmp_path, decision, pushed=pushed)).outcome == outcome
