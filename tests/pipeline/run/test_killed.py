"""The summaries of runs that were killed, front end and all."""

import json
from pathlib import Path
from typing import Any

from components.pusher.versions import add_version
from pipeline.run.events import Event, Plan, Started
from pipeline.run.killed import complete_killed_runs
from pipeline.run.paths import RunFolder, open_run
from tests.components.pusher.conftest import write_model
from tests.pipeline.run.test_paths import build_config


def _kill(workspace: Path, *events: Event, last: str = "") -> RunFolder:
    run = open_run(workspace, build_config())
    run.events.write_text("".join(f"{event.model_dump_json()}\n" for event in events) + last)
    return run


def _summary(run: RunFolder) -> dict[str, Any]:
    complete_killed_runs(run.workspace)
    return json.loads(run.summary.read_text())


def test_a_run_killed_right_after_its_push_has_pushed(tmp_path: Path) -> None:
    events = Plan(components=["Pusher", "Report"]), Started(component="Pusher")
    run = _kill(tmp_path / "workspace", *events, last='{"half')
    folder, model = tmp_path / "workspace" / "serving" / "pets", write_model(tmp_path / "model")
    version = add_version(folder, model, "m/1", run_id=run.run_id)
    summary = _summary(run)
    assert summary["pushed"] == {"version": version.number, "path": version.address}
    assert (summary["outcome"], summary["error"]["component"]) == ("failed", "Pusher")
    assert summary["error"]["cause"] == "the run was killed"
    assert summary["components"]["Report"]["state"] == "waiting"


def test_a_run_killed_before_its_push_has_not(tmp_path: Path) -> None:
    run = _kill(tmp_path, Plan(components=["Trainer"]), Started(component="Trainer"))
    add_version(tmp_path / "serving" / "pets", write_model(tmp_path / "model"), "m", run_id="other")
    assert _summary(run)["pushed"] is None


def test_a_finished_run_and_one_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    finished, damaged = _kill(tmp_path), _kill(tmp_path)
    finished.summary.write_text("{}")
    damaged.config.write_text("{")
    complete_killed_runs(tmp_path)
    assert finished.summary.read_text() == "{}"
    assert not damaged.summary.exists()
