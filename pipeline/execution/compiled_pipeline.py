"""Runs single nodes of the compiled pipeline with TFX's launcher: driver, cache, executor."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import data_types_utils
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Artifact

from components.facts import Facts
from pipeline.execution.attempt import Attempt, start_attempt
from pipeline.execution.beam_args import hide_beam_args
from pipeline.execution.launcher import NodeLauncher
from pipeline.metadata.connection import Config, RetryingMetadata
from pipeline.metadata.retries import retry_transient
from pipeline.nodes import node
from pipeline.run.events import State

# Names in ML Metadata have at most 255 characters; an output's key and numbers are appended.
_MAX_KEY_LENGTH = 160
# As `tfx.orchestration.portable.mlmd.execution_lib` names it.
_EXECUTION_RESULT = "__execution_result__"


@dataclass(frozen=True)
class NodeResult:
    """The result of a node.

    Attributes:
        node_id: The node.
        state: `done` (it ran), `cached` (its outputs are those of an earlier run), or `skipped`
            (it has no inputs, so no outputs).
        outputs: Its output artifacts by key.
        was_finished: Whether it had already finished in this run, so that it did not run again.
    """

    node_id: str
    state: State
    outputs: dict[str, list[Artifact]]
    was_finished: bool = False

    def read_facts(self) -> Facts:
        """What the node reports, read from its outputs; empty for one that was skipped."""
        return Facts() if self.state == "skipped" else node(self.node_id).facts.read(self.outputs)


class CompiledPipeline:
    """A pipeline in TFX's intermediate representation, for one run.

    TFX's LocalDagRunner uses the same launcher, but does not report when a node starts, ends or is
    cached, and cannot run a single node.

    Nodes find the outputs of others by `run_id`. The connection is not part of the pipeline, whose
    representation is stored and must not contain a password.
    """

    def __init__(self, pipeline: Pipeline, run_id: str, connection: Config):
        self._ir = compiler.Compiler().compile(pipeline)
        self._run_id = run_id
        runtime_parameter_utils.substitute_runtime_parameter(
            self._ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        self._deployment = runner_utils.extract_local_deployment_config(self._ir)
        self._connection = connection

    @property
    def node_ids(self) -> list[str]:
        """Every node, in topological order."""
        return [node.pipeline_node.node_info.id for node in self._ir.nodes]

    def run_node(self, node_id: str, use_cache: bool = True) -> NodeResult:
        """Runs one node, or reuses its outputs from the cache.

        A node that has finished in this run does not run again. One that was killed, or is still
        running elsewhere, does, and then only the outputs of this attempt count.

        Raises:
            SupersededError: A later attempt of the node started while this one ran.
            Exception: Whatever its driver or executor raises; the failure is in the metadata.
        """
        if finished := self.find_result(node_id):
            return replace(finished, was_finished=True)
        attempt = retry_transient(partial(self._start_attempt, node_id))
        compiled = self._node(node_id)
        if not use_cache:
            compiled.execution_options.caching_options.enable_cache = False
        spec, operators = hide_beam_args(
            runner_utils.extract_executor_spec(self._deployment, node_id)
        )
        info = NodeLauncher(
            attempt,
            pipeline_node=compiled,
            mlmd_connection=self._metadata(),
            pipeline_info=self._ir.pipeline_info,
            pipeline_runtime_spec=self._ir.runtime_spec,
            executor_spec=spec,
            custom_executor_operators=operators,
            custom_driver_spec=runner_utils.extract_custom_driver_spec(self._deployment, node_id),
        ).launch()
        if info is None or info.execution_id is None:
            return NodeResult(node_id, "skipped", {})
        return self._result(node_id, info.execution_id)

    def find_result(self, node_id: str) -> NodeResult | None:
        """The result of a node in this run; None if it has not finished."""
        found = next(filter(_is_successful, self._executions(node_id)), None)
        return self._result(node_id, found.id) if found is not None else None

    def unfinished(self, node_id: str) -> dict[str, str]:
        """The upstream nodes that have not finished in this run, with the state of each."""
        states = {}
        for upstream in self._node(node_id).upstream_nodes:
            executions = self._executions(upstream)
            if not any(map(_is_successful, executions)):
                state = metadata_store_pb2.Execution.State
                names = [state.Name(one.last_known_state).lower() for one in executions]
                states[upstream] = names[-1] if names else "not started"
        return states

    def _start_attempt(self, node_id: str) -> Attempt:
        with self._metadata() as handle:
            return start_attempt(handle.store, self._key(node_id))

    def _metadata(self) -> RetryingMetadata:
        return RetryingMetadata(self._connection)

    def _key(self, node_id: str) -> str:
        key = f"{self._ir.pipeline_info.id}.{self._run_id}.{node_id}"
        return key if len(key) <= _MAX_KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()

    def _node(self, node_id: str) -> pipeline_pb2.PipelineNode:
        return next(
            node.pipeline_node
            for node in self._ir.nodes
            if node.pipeline_node.node_info.id == node_id
        )

    def _executions(self, node_id: str) -> list[metadata_store_pb2.Execution]:
        """Executions of a node in this run, oldest first."""

        def find() -> list[metadata_store_pb2.Execution]:
            with self._metadata() as handle:
                contexts = [
                    handle.store.get_context_by_type_and_name(
                        spec.type.name, data_types_utils.get_value(spec.name)
                    )
                    for spec in self._node(node_id).contexts.contexts
                ]
                if None in contexts:
                    return []
                return execution_lib.get_executions_associated_with_all_contexts(handle, contexts)

        return sorted(retry_transient(find), key=lambda execution: execution.id)

    def _result(self, node_id: str, execution_id: int) -> NodeResult:
        def read() -> tuple[metadata_store_pb2.Execution, dict[str, Any]]:
            with self._metadata() as handle:
                [execution] = handle.store.get_executions_by_id([execution_id])
                return execution, execution_lib.get_output_artifacts(handle, execution_id)

        execution, outputs = retry_transient(read)
        if execution.last_known_state == metadata_store_pb2.Execution.FAILED:
            # The launcher publishes unresolved inputs as a failure but does not raise it.
            raise RuntimeError(f"its inputs could not be resolved{_reason(execution)}")
        is_cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
        return NodeResult(node_id, "cached" if is_cached else "done", outputs)


def _reason(execution: metadata_store_pb2.Execution) -> str:
    """The first error of the traceback that TFX recorded, after a colon; or nothing."""
    result = execution.custom_properties[_EXECUTION_RESULT].string_value
    trace = json.loads(result or "{}").get("resultMessage", "")
    errors = re.findall(r"^(?:\w+\.)*\w*Error: (.+)$", trace, re.MULTILINE)
    return f": {errors[0]}" if errors else ""


def _is_successful(execution: metadata_store_pb2.Execution) -> bool:
    return execution_lib.is_execution_successful(execution)
