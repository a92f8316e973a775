"""What the settings make of the pipeline, compiled and not run."""

from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.compiler import compiler

from pipeline.config.schema import PipelineConfig
from pipeline.graph import create_pipeline
from pipeline.run.paths import Workspace


def compile_nodes(workspace: Path, **sections: Any) -> dict[str, Any]:
    """Nodes of the compiled pipeline by id."""
    config = PipelineConfig.model_validate(
        {
            "data": {"source": "digits"},
            "gate": {"min_accuracy": 0.9},
            "push": {"model_name": "digits"},
            "model": {"weights": "none"},
            **sections,
        }
    )
    pipeline = create_pipeline(config, Workspace(workspace))
    nodes = compiler.Compiler().compile(pipeline).nodes
    return {node.pipeline_node.node_info.id: node.pipeline_node for node in nodes}


def producers(node: Any, key: str) -> list[str]:
    channels = node.inputs.inputs[key].channels if key in node.inputs.inputs else []
    return [channel.producer_node_query.id for channel in channels]


@pytest.mark.parametrize("enabled", [True, False])
def test_only_a_serving_check_that_is_enabled_stands_before_the_pusher(
    tmp_path: Path, enabled: bool
) -> None:
    nodes = compile_nodes(tmp_path, serving_check={"enabled": enabled})
    expected = ["ServingCheck"] if enabled else []
    assert [name for name in nodes if name == "ServingCheck"] == expected
    assert producers(nodes["Pusher"], "infra_blessing") == expected
    assert producers(nodes["Report"], "serving_check") == expected
    assert producers(nodes["Pusher"], "model_blessing") == ["Evaluator"]
