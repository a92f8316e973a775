"""The tasks and their dependencies, from TFX's compiler."""

import re
from dataclasses import dataclass

from pipeline.config.schema import PipelineConfig


@dataclass(frozen=True)
class TaskNode:
    """A node of the TFX pipeline, and the ids of the nodes that it depends on."""

    id: str
    upstream: tuple[str, ...]


def task_graph(config: PipelineConfig) -> list[TaskNode]:
    """Creates the pipeline and returns its nodes in topological order.

    Raises:
        UserError: The configuration contradicts itself, e.g. a remote Beam runner with a root
            that only the pods mount.
    """
    # Imported here: TFX takes seconds.
    from tfx.dsl.compiler import compiler

    from pipeline.graph import create_pipeline
    from pipeline.run.paths import open_workspace

    assert config.kubeflow is not None
    workspace = open_workspace(config.kubeflow.root)
    # A file of weights is on the cluster, not here; the graph does not depend on it.
    model = config.model.model_copy(update={"weights": "none"})
    pipeline = create_pipeline(config.model_copy(update={"model": model}), workspace)
    nodes = [node.pipeline_node for node in compiler.Compiler().compile(pipeline).nodes]
    return [TaskNode(node.node_info.id, tuple(sorted(node.upstream_nodes))) for node in nodes]


def task_name(node_id: str) -> str:
    """The name of a node's task: `ImageExampleGen` becomes `image-example-gen`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", node_id).lower()
