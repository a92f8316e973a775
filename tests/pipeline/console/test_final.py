"""The last lines of a run: who refused the model, and why."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from components.evaluator.settings import GateSettings
from pipeline.console.final import closing_lines
from pipeline.run.events import Failed, Finished
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder
from pipeline.run.state import RunState

START = datetime(2026, 11, 23, tzinfo=timezone.utc)
WORST = {"name": "a.png", "label": "cat", "predicted": "dog", "score": 0.9, "label_score": 0.1}
BLESSED = {"blessed": True, "reasons": [], "test_accuracy": 0.95, "worst": [WORST]}
REFUSED = {**BLESSED, "blessed": False, "reasons": ["test accuracy 0.95 is below 0.97"]}
DIFFERS = "two calls with the same images give different answers"
CHECK = {"passed": False, "is_checked": True, "failures": [DIFFERS]}
NOT_CHECKED = {
    "passed": False, "is_checked": False, "failures": ["not checked: the gate refused the model"],
}  # fmt: skip


def lines_of(folder: Path, facts: dict[str, dict[str, Any]], *, fails: bool = False) -> list[str]:
    state = RunState(
        Finished(component=name, state="done", seconds=1, facts=found)
        for name, found in facts.items()
    )
    if fails:
        state.apply(Failed(component="Report", cause="no room"))
    run = RunFolder(folder, "id")
    gate = GateSettings(min_accuracy=0.9)
    summary = build_summary(state, run, gate, started=START, finished=START)
    return closing_lines(state, summary, run)


def test_the_gate_refused(tmp_path: Path) -> None:
    first, *rest = lines_of(tmp_path, {"Evaluator": REFUSED, "ServingCheck": NOT_CHECKED})
    assert first == "Refused: the gate refused this model. (0.0s)"
    assert [line for line in rest if "because" in line] == [
        "  because       test accuracy 0.95 is below 0.97"
    ]
    assert "  worst         a.png: cat as dog (0.900)" in rest


def test_what_a_released_model_is_not_shown_to_be(tmp_path: Path) -> None:
    warned = {**BLESSED, "warning": "a loss is not ruled out"}
    assert "  warning       a loss is not ruled out" in lines_of(tmp_path, {"Evaluator": warned})


def test_a_correct_image_among_the_worst_is_shown_as_correct(tmp_path: Path) -> None:
    hit = {**WORST, "name": "b.png", "predicted": "cat", "score": 0.6, "label_score": 0.6}
    lines = lines_of(tmp_path, {"Evaluator": {**REFUSED, "worst": [WORST, hit]}})
    text = "\n".join(lines)
    assert "a.png: cat as dog (0.900)\n" in text
    assert "b.png: cat, correct (0.600)" in text


def test_the_serving_check_refused(tmp_path: Path) -> None:
    first, *rest = lines_of(tmp_path, {"Evaluator": BLESSED, "ServingCheck": CHECK})
    assert first == "Refused: the exported model failed the serving check. (0.0s)"
    assert f"  because       {DIFFERS}" in rest
    assert not [line for line in rest if "worst" in line or "a.png" in line]


@pytest.mark.parametrize(("evaluator", "check"), [(BLESSED, CHECK), (REFUSED, NOT_CHECKED)])
def test_a_run_that_failed_after_a_refusal_still_says_why(
    tmp_path: Path, evaluator: dict[str, Any], check: dict[str, Any]
) -> None:
    first, *rest = lines_of(tmp_path, {"Evaluator": evaluator, "ServingCheck": check}, fails=True)
    assert first == "Failed in Report: no room"
    assert sum("because" in line for line in rest) == 1
    assert not [line for line in rest if "worst" in line]
