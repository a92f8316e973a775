"""The component in pipelines, with TFX's launcher and a metadata store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.component.experimental.annotations import OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.experimental.conditionals.conditional import Cond
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts

from components.report import component as report_component
from components.report.component import Report
from components.report.page_files import ReportError, write_folder
from pipeline.execution.compiled_pipeline import CompiledPipeline, NodeResult
from pipeline.metadata.connection import connection_config
from pipeline.metadata.url import MetadataUrl
from tests.components.report.conftest import MakeSources, write_statistics

_TYPES = {
    "examples": standard_artifacts.Examples,
    "statistics": standard_artifacts.ExampleStatistics,
    "anomalies": standard_artifacts.ExampleAnomalies,
    "model_run": standard_artifacts.ModelRun,
    "evaluation": standard_artifacts.ModelEvaluation,
    "serving_check": standard_artifacts.InfraBlessing,
    "pushed_model": standard_artifacts.PushedModel,
}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "examples": {"input_fingerprint": "cd" * 32},
    "evaluation": {"blessed": 0},
    "pushed_model": {
        "pushed": 1,
        "is_new": 1,
        "pushed_version": "1795413758",
        "pushed_destination": "serving/pets/1795413758",
    },
}


@component
def Push(pushed_model: OutputArtifact[standard_artifacts.PushedModel]) -> None:
    """Never runs here."""
    raise AssertionError("the condition is true")


def build_pipeline(root: Path, folders: Mapping[str, str], *, push: bool = True) -> Pipeline:
    """Imports the folders as artifacts, and reports on them."""
    nodes: list[Any] = [
        Importer(
            source_uri=folder, artifact_type=_TYPES[key], custom_properties=_PROPERTIES.get(key)
        ).with_id(key)
        for key, folder in folders.items()
    ]
    inputs = {node.id: node.outputs["result"] for node in nodes}
    if not push:
        blessed = inputs["evaluation"].future()[0].custom_property("blessed") == 1
        with Cond(blessed):
            pusher = Push().with_id("Pusher")
        nodes.append(pusher)
        inputs["pushed_model"] = pusher.outputs["pushed_model"]
    report = Report(**inputs, configuration='{"data": {"path": "images"}}', code={"a": "ab"})
    return Pipeline(
        pipeline_name="pets",
        pipeline_root=str(root / "artifacts"),
        components=[*nodes, report],
        enable_cache=True,
    )


def compile_pipeline(pipeline: Pipeline, run_id: str) -> CompiledPipeline:
    """Compiles it, with its metadata beside its artifacts."""
    database = Path(pipeline.pipeline_info.pipeline_root).with_name("metadata.sqlite")
    connection = connection_config(MetadataUrl("sqlite", database=str(database)))
    return CompiledPipeline(pipeline, run_id, connection)


def run(pipeline: Pipeline, run_id: str) -> tuple[dict[str, NodeResult], str]:
    """Runs every node; returns their results and the page."""
    compiled = compile_pipeline(pipeline, run_id)
    results = {node: compiled.run_node(node) for node in compiled.node_ids}
    page = Path(results["Report"].outputs["report"][0].uri) / "index.html"
    return results, " ".join(page.read_text().split())


@pytest.fixture
def folders(make_sources: MakeSources, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "pushed_model").mkdir()
    return {**make_sources().folders, "pushed_model": str(tmp_path / "pushed_model")}


def test_each_run_has_its_own_page(tmp_path: Path, folders: dict[str, str]) -> None:
    results, first = run(build_pipeline(tmp_path, folders), "run-1")
    assert results["Report"].state == "done"
    assert "Pushed: version 1795413758 is released" in first
    assert "This is the first run" in first
    assert "cd" * 32 in first and "<th>statistics" in first
    folder = Path(results["Report"].outputs["report"][0].uri)
    assert {path.name for path in folder.iterdir()} == {
        "index.html", "learning_curve_accuracy.png", "learning_curve_loss.png", "widths.png",
        "heights.png",
    }  # fmt: skip

    # Nothing has changed, but the page is about this run.
    results, second = run(build_pipeline(tmp_path, folders), "run-2")
    assert results["Report"].state == "done"
    assert "run run-2" in second
    assert (
        "The examples are the same as in the previous run, run-1, and in all earlier runs" in second
    )

    folders["statistics"] = str(write_statistics(tmp_path / "new", {"cats": 3, "dogs": 1}))
    _, third = run(build_pipeline(tmp_path, folders), "run-3")
    assert "Compared with the previous run, run-2:" in third
    assert "75.0 %" in third

    _, fourth = run(build_pipeline(tmp_path, folders), "run-4")
    assert "the same as in the previous run, run-3. Compared with run run-2, the last one" in fourth


def test_a_node_that_was_skipped(tmp_path: Path, folders: dict[str, str]) -> None:
    del folders["pushed_model"], folders["serving_check"]
    results, page = run(build_pipeline(tmp_path, folders, push=False), "run-1")
    assert results["Pusher"].state == "skipped"
    assert "Blessed: the model is good enough, and was not pushed." in page


def test_with_examples_only(tmp_path: Path, folders: dict[str, str]) -> None:
    _, page = run(build_pipeline(tmp_path, {"examples": folders["examples"]}), "run-1")
    assert "Not measured" in page


def test_a_full_disk_fails_the_report_and_nothing_else(
    tmp_path: Path, folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = tmp_path / "serving" / "pets" / "1795413758"
    serving.mkdir(parents=True)
    (serving / "saved_model.pb").write_text("in service")
    compiled = compile_pipeline(build_pipeline(tmp_path, folders), "run-1")
    *others, last = compiled.node_ids
    for node in others:
        compiled.run_node(node)
    assert last == "Report"

    def write_to_a_full_disk(folder: str, files: Mapping[str, bytes]) -> None:
        # Every write to /dev/full finds the disk full.
        Path(folder, "index.html.partial").symlink_to("/dev/full")
        write_folder(folder, files)

    with monkeypatch.context() as patch:
        patch.setattr(report_component, "write_folder", write_to_a_full_disk)
        with pytest.raises(ReportError, match="could not be written to .*: No space left"):
            compiled.run_node("Report")
    assert list(tmp_path.rglob("index.html*")) == []
    assert (serving / "saved_model.pb").read_text() == "in service"
    # The next run succeeds.
    run(build_pipeline(tmp_path, folders), "run-2")
