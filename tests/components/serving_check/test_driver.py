"""What is checked again and what is cached, with TFX's launcher and a metadata store."""

import json
from pathlib import Path
from typing import Any

from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts

from components.serving_check.component import ServingCheck
from components.serving_check.settings import ServingCheckSettings
from pipeline.execution.compiled_pipeline import CompiledPipeline
from pipeline.metadata.connection import connection_config
from pipeline.metadata.url import MetadataUrl


def check(root: Path, model: Path, examples: Any, run_id: str, gate: Path | None = None) -> Any:
    """Runs the check; returns its state and its verdict."""
    imported = {
        "model": Importer(str(model), standard_artifacts.Model).with_id("model"),
        "examples": Importer(
            examples.uri,
            standard_artifacts.Examples,
            properties={"split_names": examples.split_names},
        ).with_id("examples"),
    }
    if gate:
        imported["model_blessing"] = Importer(
            str(gate), standard_artifacts.ModelBlessing, custom_properties={"blessed": 0}
        ).with_id("gate")
    inputs = {key: importer.outputs["result"] for key, importer in imported.items()}
    pipeline = Pipeline(
        pipeline_name="pets",
        pipeline_root=str(root / "artifacts"),
        components=[*imported.values(), ServingCheck(ServingCheckSettings(calls=20), **inputs)],
        enable_cache=True,
    )
    connection = connection_config(MetadataUrl("sqlite", database=str(root / "metadata.sqlite")))
    compiled = CompiledPipeline(pipeline, run_id, connection)
    results = {node: compiled.run_node(node) for node in compiled.node_ids}
    result = results["ServingCheck"]
    folder = Path(result.outputs["blessing"][0].uri)
    return result.state, json.loads((folder / "serving_check.json").read_text())


def test_a_failed_check_is_repeated_and_a_passed_one_is_cached(
    good_model: Path, examples: Any, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for run in ("run-1", "run-2"):
        state, verdict = check(tmp_path, model, examples, run)
        assert (state, verdict["passed"], verdict["is_checked"]) == ("done", False, True)
    # The next time it loads.
    (model / "Format-Serving").symlink_to(good_model)
    state, verdict = check(tmp_path, model, examples, "run-3")
    assert (state, verdict["passed"]) == ("done", True)
    state, verdict = check(tmp_path, model, examples, "run-4")
    assert (state, verdict["passed"]) == ("cached", True)


def test_a_model_that_the_gate_refused_is_cached(examples: Any, tmp_path: Path) -> None:
    folders = [tmp_path / "model", tmp_path / "gate"]
    for folder in folders:
        folder.mkdir()
    states = [check(tmp_path, folders[0], examples, run, folders[1])[0] for run in ("a", "b")]
    assert states == ["done", "cached"]
