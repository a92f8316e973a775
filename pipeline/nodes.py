"""One node of the compiled pipeline, run by TFX's portable launcher: driver, cache, executor."""

from dataclasses import dataclass
from typing import Any, Literal

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Artifact

from pipeline.beam_operator import hide_beam_args

State = Literal["done", "cached", "skipped"]


@dataclass(frozen=True)
class NodeResult:
    """What a node left behind.

    Attributes:
        state: `done` (it ran), `cached` (its outputs are those of an earlier run), or `skipped`
            (its inputs are not there, so neither are its outputs).
        outputs: Its output artifacts by key.
    """

    state: State
    outputs: dict[str, list[Artifact]]


class CompiledPipeline:
    """A pipeline in TFX's intermediate representation, for one run.

    LocalDagRunner runs the same launcher over the same nodes; it does not tell when one starts,
    ends, or was answered from the cache, and cannot run one alone.

    Args:
        pipeline: As `create_pipeline` composes it.
        run_id: Name of the run; nodes of one run find each other's outputs by it.
    """

    def __init__(self, pipeline: Pipeline, run_id: str):
        self._ir = compiler.Compiler().compile(pipeline)
        runtime_parameter_utils.substitute_runtime_parameter(
            self._ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        self._deployment = runner_utils.extract_local_deployment_config(self._ir)
        kind = self._deployment.metadata_connection_config.WhichOneof("connection_config")
        self._connection = getattr(self._deployment.metadata_connection_config, kind)

    @property
    def node_ids(self) -> list[str]:
        """Every node, each after those whose outputs it reads."""
        return [node.pipeline_node.node_info.id for node in self._ir.nodes]

    def run_node(self, node_id: str, use_cache: bool = True) -> NodeResult:
        """Runs one node, or takes its outputs from the cache.

        Raises:
            Exception: Whatever its driver or executor raises; the failure is in the metadata.
        """
        node = self._node(node_id)
        if not use_cache:
            node.execution_options.caching_options.enable_cache = False
        spec, operators = hide_beam_args(
            runner_utils.extract_executor_spec(self._deployment, node_id)
        )
        info = launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=metadata.Metadata(self._connection),
            pipeline_info=self._ir.pipeline_info,
            pipeline_runtime_spec=self._ir.runtime_spec,
            executor_spec=spec,
            custom_executor_operators=operators,
            custom_driver_spec=runner_utils.extract_custom_driver_spec(self._deployment, node_id),
        ).launch()
        if info is None or info.execution_id is None:
            return NodeResult("skipped", {})
        return self._result(info.execution_id)

    def _node(self, node_id: str) -> pipeline_pb2.PipelineNode:
        return next(
            node.pipeline_node
            for node in self._ir.nodes
            if node.pipeline_node.node_info.id == node_id
        )

    def _result(self, execution_id: int) -> NodeResult:
        with metadata.Metadata(self._connection) as handle:
            [execution] = handle.store.get_executions_by_id([execution_id])
            outputs: dict[str, Any] = execution_lib.get_output_artifacts(handle, execution_id)
        if execution.last_known_state == metadata_store_pb2.Execution.FAILED:
            # The launcher publishes unresolved inputs as a failure but does not raise it.
            raise RuntimeError("its inputs could not be resolved")
        is_cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
        return NodeResult("cached" if is_cached else "done", outputs)
