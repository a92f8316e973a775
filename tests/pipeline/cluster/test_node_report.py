"""What a node came to: lines, a page, numbers and KFP's file, from its facts."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from components.evaluator.facts import EvaluatorFacts
from components.facts import Facts, Metrics
from components.pusher.facts import PusherFacts
from components.pusher.outcome import Reported
from components.serving_check.facts import ServingCheckFacts
from pipeline.cluster.kfp_outputs import executor_output, read_executor_input, write_file
from pipeline.cluster.node_report import NodeReport, find_reasons

REFUSED = EvaluatorFacts(
    test_accuracy=0.87,
    test_examples=300,
    blessed=False,
    reasons=("test accuracy 0.87 is 0.08 below gate.min_accuracy (0.95)",),
)
BLESSED = EvaluatorFacts(blessed=True)
NOT_PUSHED = PusherFacts(pushed=False)


def reasons(node_id: str, **facts: Facts) -> tuple[str, ...]:
    return find_reasons(node_id, {name: Reported("done", found) for name, found in facts.items()})


def test_pusher_says_why_the_gate_refused_and_by_how_much() -> None:
    found = reasons("Pusher", Evaluator=REFUSED, Pusher=NOT_PUSHED)
    report = NodeReport("Pusher", "run-1", "done", 0.2, NOT_PUSHED, found)
    assert report.lines() == [
        "Pusher  done  0.2s  nothing pushed",
        "  because  the gate refused this model: "
        "test accuracy 0.87 is 0.08 below gate.min_accuracy (0.95)",
    ]
    page = report.page()
    assert "<h1>Pusher: done</h1><p>nothing pushed" in page
    assert "<li>the gate refused this model: test accuracy 0.87 is 0.08 below" in page


def test_pusher_says_why_the_serving_check_refused() -> None:
    check = ServingCheckFacts(passed=False, failures=("p99 of one image is 300 ms",))
    assert reasons("Pusher", Evaluator=BLESSED, ServingCheck=check, Pusher=NOT_PUSHED) == (
        "the exported model failed the serving check: p99 of one image is 300 ms",
    )


def test_pusher_reports_a_rollback() -> None:
    withdrawn = PusherFacts(pushed=False, withdrawn=True, version=3)
    found = reasons("Pusher", Evaluator=BLESSED, Pusher=withdrawn)
    assert found[0].startswith("a rollback withdrew this model")


def test_evaluator_gives_its_reasons_and_a_good_model_has_none() -> None:
    assert reasons("Evaluator", Evaluator=REFUSED) == REFUSED.reasons
    assert reasons("Evaluator", Evaluator=BLESSED) == ()
    pushed = PusherFacts(pushed=True, version=3)
    assert reasons("Pusher", Evaluator=BLESSED, Pusher=pushed) == ()


def test_page_escapes_what_it_shows() -> None:
    class Odd(Facts):
        def metrics(self) -> Metrics:
            return {"accuracy_of_<b>": 0.5, "calls": 1500}

    page = NodeReport("Evaluator", "<run>", "done", 1.0, Odd(), ("class <b> is lost",)).page()
    assert "<b>" not in page and "<run>" not in page
    assert "<td>1,500" in page and "<td>0.5" in page


def test_metrics_are_numbers() -> None:
    assert NodeReport("Evaluator", "run", "done", 1.0, REFUSED).metrics() == {
        "test_accuracy": 0.87,
        "test_examples": 300,
        "blessed": 0,
    }
    assert NodeReport("Pusher", "run", "done", 1.0, NOT_PUSHED).metrics() == {"pushed": 0}
    assert NodeReport("StatisticsGen", "run", "done", 1.0).metrics() == {}


def test_what_kfp_asks_for() -> None:
    request: dict[str, Any] = {"inputs": {}, "outputs": {"outputFile": "/tmp/kfp/o.json"}}
    assert read_executor_input(json.dumps(request)) is None
    request["outputs"]["artifacts"] = {"metrics": {"artifacts": [{"uri": "minio://x"}]}}
    assert read_executor_input(json.dumps(request)) == Path("/tmp/kfp/o.json")
    assert read_executor_input("{}") is None
    for text in ("{{$}}", "[]", '{"outputs": 3}'):
        with pytest.raises(UserError, match="is not what KFP fills in"):
            read_executor_input(text)


def test_executor_output_is_a_message_of_kfp() -> None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    message = json_format.ParseDict(
        executor_output({"accuracy": 0.5}), pipeline_spec_pb2.ExecutorOutput()
    )
    [artifact] = message.artifacts["metrics"].artifacts
    assert artifact.metadata["accuracy"] == 0.5


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_file(tmp_path / "file" / "metrics.json", "{}")
    write_file(tmp_path / "a" / "b", b"\xff")
    assert (tmp_path / "a" / "b").read_bytes() == b"\xff"
