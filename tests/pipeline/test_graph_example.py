"""A component is added with its folder, a line in the graph and a row of the table of nodes.

`docs/extending.md` walks the same way. Nothing else has to know of it: terminal, summary, page and
the compiled file for a cluster follow.
"""

import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import pipeline.graph
import pipeline.nodes
from components.evaluator.settings import GateSettings
from components.report.inputs.run_facts import RunFacts, Step
from components.report.inputs.sources import Sources
from components.report.sections.times import read_times
from pipeline.config.load import check_config
from pipeline.console.plain import PlainView
from pipeline.nodes import METRICS, NODES, Node
from pipeline.run.events import Finished, Plan
from pipeline.run.outcome import build_summary
from pipeline.run.paths import RunFolder
from pipeline.run.state import RunState
from tests.fakes.example.component import Example
from tests.fakes.example.facts import ExampleFacts
from tests.fakes.kubeflow.clusters import EVERYTHING, with_short_stack

ROW = Node("Example", "report a number", ExampleFacts, (METRICS,))
DONE = Finished(component="Example", state="done", seconds=1.5, facts={"number": 42})


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.nodes, "NODES", {**NODES, ROW.id: ROW})


@pytest.fixture
def state() -> RunState:
    return RunState([Plan(components=["ImageExampleGen", "Example"]), DONE])


def test_it_shows_in_the_terminal(state: RunState) -> None:
    stream = io.StringIO()
    PlainView(stream).show(state)
    assert stream.getvalue().split(maxsplit=3) == ["Example", "done", "1.5s", "the number is 42\n"]


def test_it_shows_in_the_summary(state: RunState, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    summary = build_summary(
        state, RunFolder(tmp_path, "id"), GateSettings(min_accuracy=0.9), started=now, finished=now
    )
    assert summary.components["Example"].state == "done"


def test_it_shows_on_the_page() -> None:
    step = Step(component="Example", state="done", seconds=1.5)
    run = RunFacts(pipeline="pets", run_id="id", started=datetime.now(timezone.utc), steps=(step,))
    times = read_times(Sources(run=run))
    assert times is not None and [row.step.component for row in times.rows] == ["Example"]


def test_it_is_a_task_of_the_compiled_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from kubeflow.compile.pipeline import compile_pipeline

    create = pipeline.graph.create_pipeline

    def with_example(*args: Any) -> Any:
        made = create(*args)
        examples = next(one for one in made.components if one.id == "ImageExampleGen")
        example = Example(examples=examples.outputs["examples"])
        made.components = [*made.components, example]
        return made

    monkeypatch.setattr(pipeline.graph, "create_pipeline", with_example)
    config = check_config(yaml.safe_load(EVERYTHING), (), check_paths=False)
    spec, _ = yaml.safe_load_all(with_short_stack(compile_pipeline, config))
    task = spec["root"]["dag"]["tasks"]["example"]
    assert task["dependentTasks"] == ["image-example-gen"]
    outputs = spec["components"][task["componentRef"]["name"]]["outputDefinitions"]["artifacts"]
    assert list(outputs) == [METRICS]
