"""What a node came to: lines, a page, numbers and KFP's file, from its facts."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from pipeline.cluster.kfp_outputs import executor_output, read_executor_input, write_file
from pipeline.cluster.metrics import node_metrics
from pipeline.cluster.node_report import NodeReport, reasons

REFUSED: dict[str, Any] = {
    "test_accuracy": 0.87,
    "test_examples": 300,
    "blessed": False,
    "reasons": ["test accuracy 0.87 is 0.08 below gate.min_accuracy (0.95)"],
}
NOT_PUSHED: dict[str, Any] = {"pushed": False, "version": None, "path": None}


def test_pusher_tells_why_the_gate_refused_and_by_how_much() -> None:
    because = reasons("Pusher", {"Pusher": NOT_PUSHED, "Evaluator": REFUSED})
    report = NodeReport("Pusher", "run-1", "done", 0.2, NOT_PUSHED, because)
    assert report.lines() == [
        "Pusher  done  0.2s  nothing pushed",
        "  because  the gate refused the model: "
        "test accuracy 0.87 is 0.08 below gate.min_accuracy (0.95)",
    ]
    page = report.page({})
    assert "<h1>Pusher: done</h1><p>nothing pushed" in page
    assert "<li>the gate refused the model: test accuracy 0.87 is 0.08 below" in page


def test_pusher_tells_why_the_serving_check_refused() -> None:
    facts: dict[str, Any] = {
        "Pusher": NOT_PUSHED,
        "Evaluator": {"blessed": True},
        "ServingCheck": {"passed": False, "failures": ["p99 of one image is 300 ms"]},
    }
    assert reasons("Pusher", facts) == ("the serving check refused it: p99 of one image is 300 ms",)


def test_pusher_tells_of_a_rollback() -> None:
    facts = {"Pusher": {**NOT_PUSHED, "withdrawn": True}, "Evaluator": {"blessed": True}}
    assert reasons("Pusher", facts)[0].startswith("a rollback took this model out of service")


def test_evaluator_gives_its_reasons_and_a_good_model_has_none() -> None:
    assert reasons("Evaluator", {"Evaluator": REFUSED}) == tuple(REFUSED["reasons"])
    assert reasons("Evaluator", {"Evaluator": {"blessed": True, "reasons": []}}) == ()
    assert reasons("Pusher", {"Pusher": {"pushed": True}, "Evaluator": {"blessed": True}}) == ()
    assert reasons("Trainer", {"Trainer": {}}) == ()


def test_page_escapes_what_it_shows() -> None:
    report = NodeReport("Evaluator", "<run>", "done", 1.0, {}, ("class <b> is lost",))
    page = report.page({"accuracy_of_<b>": 0.5, "calls": 1500})
    assert "<b>" not in page and "<run>" not in page
    assert "<td>1,500" in page and "<td>0.5" in page


def test_numbers() -> None:
    stages = [
        {"name": "head", "epochs": 15, "validation_accuracy": 0.97},
        {"name": "fine-tune", "epochs": 20, "validation_accuracy": 0.99},
    ]
    assert node_metrics("Trainer", {"stages": stages, "notes": []}) == {
        "head_validation_accuracy": 0.97,
        "head_epochs": 15,
        "fine-tune_validation_accuracy": 0.99,
        "fine-tune_epochs": 20,
        "validation_accuracy": 0.99,
    }
    assert node_metrics("Evaluator", REFUSED) == {
        "test_accuracy": 0.87,
        "test_examples": 300,
        "blessed": 0,
    }
    assert node_metrics("Pusher", NOT_PUSHED) == {"pushed": 0}
    assert node_metrics("StatisticsGen", {}) == {}


@pytest.mark.parametrize(
    "node", ["ImageExampleGen", "ExampleCheck", "Transform", "Trainer", "Evaluator", "ServingCheck"]
)
def test_nothing_found_is_no_error(node: str) -> None:
    assert all(isinstance(value, int) for value in node_metrics(node, {}).values())


def test_what_kfp_asks_for() -> None:
    asked: dict[str, Any] = {"inputs": {}, "outputs": {"outputFile": "/tmp/kfp/o.json"}}
    assert read_executor_input(json.dumps(asked)) is None
    asked["outputs"]["artifacts"] = {"metrics": {"artifacts": [{"uri": "minio://x"}]}}
    assert read_executor_input(json.dumps(asked)) == Path("/tmp/kfp/o.json")
    assert read_executor_input("{}") is None
    for text in ("{{$}}", "[]", '{"outputs": 3}'):
        with pytest.raises(UserError, match="is not what KFP fills in"):
            read_executor_input(text)


def test_what_kfp_is_told_is_its_own_message() -> None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    told = json_format.ParseDict(
        executor_output({"accuracy": 0.5}), pipeline_spec_pb2.ExecutorOutput()
    )
    [artifact] = told.artifacts["metrics"].artifacts
    assert artifact.metadata["accuracy"] == 0.5


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_file(tmp_path / "file" / "metrics.json", "{}")
    write_file(tmp_path / "a" / "b", b"\xff")
    assert (tmp_path / "a" / "b").read_bytes() == b"\xff"
