"""Which tasks there are, and what each waits for: as TFX's compiler has it."""

import re
from dataclasses import dataclass

from pipeline.config.schema import PipelineConfig


@dataclass(frozen=True)
class TaskNode:
    """A node of the TFX pipeline.

    Attributes:
        id: Its id in TFX, as `ImageExampleGen`.
        upstream: Ids of the nodes that it waits for.
    """

    id: str
    upstream: tuple[str, ...]


def task_graph(config: PipelineConfig) -> list[TaskNode]:
    """Composes the pipeline and reads its nodes, each after those that it waits for.

    Raises:
        UserError: The configuration contradicts itself, e.g. a Beam runner that is elsewhere and
            a root that only a pod has.
    """
    # Only here: TFX takes seconds to import.
    from tfx.dsl.compiler import compiler

    from pipeline.graph import create_pipeline
    from pipeline.run.paths import open_workspace

    assert config.kubeflow is not None
    workspace = open_workspace(config.kubeflow.root)
    # A file of weights is on the cluster, not here; which weights changes nothing of the graph.
    model = config.model.model_copy(update={"weights": "none"})
    pipeline = create_pipeline(config.model_copy(update={"model": model}), workspace)
    nodes = [node.pipeline_node for node in compiler.Compiler().compile(pipeline).nodes]
    return [TaskNode(node.node_info.id, tuple(sorted(node.upstream_nodes))) for node in nodes]


def task_name(node_id: str) -> str:
    """The name of a node's task: `ImageExampleGen` becomes `image-example-gen`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", node_id).lower()
