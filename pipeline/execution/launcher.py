"""TFX's portable launcher, made safe for a node that is started again, even while it still runs."""

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.orchestration import metadata
from tfx.orchestration.portable import launcher, outputs_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.types import Artifact

from pipeline.execution.attempt import Attempt, SupersededError
from pipeline.metadata.retries import retry_transient

Artifacts = Mapping[str, Sequence[Artifact]]
Contexts = list[metadata_store_pb2.Context]
_State = metadata_store_pb2.Execution

_logger = logging.getLogger(__name__)


class NodeLauncher(launcher.Launcher):
    """Runs one node as TFX does, with three differences.

    - A run has one execution of a node. Two processes that start a node at the same moment would
      each register one, and TFX refuses to go on with two; here its name lets in only one.
    - Each attempt writes to folders of its own. TFX lets a second one write into those of the
      first, which may hold half of its outputs, or still be written.
    - Only the newest attempt says how the execution ended. TFX lets an old pod that fails late mark
      as failed what a later one has done.

    Args:
        attempt: Which attempt this is.
        **arguments: See TFX's.
    """

    def __init__(self, attempt: Attempt, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._attempt = attempt
        self._output_resolver = _AttemptOutputs(
            attempt,
            pipeline_node=self._pipeline_node,
            pipeline_info=self._pipeline_info,
            pipeline_runtime_spec=self._pipeline_runtime_spec,
        )

    def _prepare_execution(self) -> Any:
        # Until an executor runs, nothing is done that cannot be done twice.
        return retry_transient(super()._prepare_execution)

    def _register_or_reuse_execution(
        self,
        metadata_handle: metadata.Metadata,
        contexts: Contexts,
        input_artifacts: Artifacts | None = None,
        exec_properties: Mapping[str, Any] | None = None,
    ) -> metadata_store_pb2.Execution:
        find = execution_lib.get_executions_associated_with_all_contexts
        execution = next(iter(find(metadata_handle, contexts)), None)
        if execution is None:
            execution = execution_lib.prepare_execution(
                metadata_handle,
                self._pipeline_node.node_info.type,
                metadata_store_pb2.Execution.RUNNING,
                exec_properties,
                execution_name=self._attempt.key,
            )
            with contextlib.suppress(errors.AlreadyExistsError):
                return execution_lib.put_execution(
                    metadata_handle, execution, contexts, input_artifacts=input_artifacts
                )
            execution = next(iter(find(metadata_handle, contexts)))
        # Nothing is written where it is running already: it may be complete in this very moment.
        if execution.last_known_state not in (_State.RUNNING, _State.COMPLETE, _State.CACHED):
            execution.last_known_state = _State.RUNNING
            # An attempt that found no inputs has registered none.
            missing = None if _has_inputs(metadata_handle, execution.id) else input_artifacts
            execution_lib.put_execution(metadata_handle, execution, contexts, missing)
        return execution

    def _publish_successful_execution(
        self,
        execution_id: int,
        contexts: Contexts,
        output_dict: Artifacts,
        executor_output: Any,
    ) -> None:
        def publish() -> set[str]:
            with self._mlmd_connection as handle:
                if not self._attempt.is_newest(handle.store):
                    raise self._superseded()
                if _has_outputs(handle, execution_id):
                    _mark_complete(handle, execution_id, contexts)
                else:
                    super(NodeLauncher, self)._publish_successful_execution(
                        execution_id, contexts, output_dict, executor_output
                    )
                published = execution_lib.get_output_artifacts(handle, execution_id)
            return {artifact.uri for artifact in _flat(published)}

        try:
            is_ours = retry_transient(publish) == {artifact.uri for artifact in _flat(output_dict)}
        except SupersededError:
            _remove_outputs(output_dict)
            raise
        if is_ours:
            self._remove_earlier(execution_id, output_dict)
        else:  # The attempt before this one published in this very moment.
            _remove_outputs(output_dict)

    def _publish_failed_execution(
        self, execution_id: int, contexts: Contexts, executor_output: Any = None
    ) -> None:
        with self._mlmd_connection as handle:
            is_newest = self._attempt.is_newest(handle.store)
        if not is_newest:
            _logger.info("This attempt failed, too late to matter:", exc_info=True)
            raise self._superseded() from None
        super()._publish_failed_execution(execution_id, contexts, executor_output)

    def _superseded(self) -> SupersededError:
        return SupersededError(self._pipeline_node.node_info.id, self._attempt.number)

    def _remove_earlier(self, execution_id: int, output_dict: Artifacts) -> None:
        """Removes what earlier attempts left; none of it was published."""
        for number in range(1, self._attempt.number):
            earlier = Attempt(self._attempt.key, number)
            for artifact in _flat(output_dict):
                folder, _, name = artifact.uri.rpartition("/")
                if name == self._attempt.name_folder(execution_id):
                    _remove(f"{folder}/{earlier.name_folder(execution_id)}")
            # What Beam had put aside.
            _remove(self._output_resolver.temporary_folder(earlier.name_folder(execution_id)))


class _AttemptOutputs(outputs_utils.OutputsResolver):
    """Where an attempt writes: as TFX has it, but for the name of each execution's folder."""

    def __init__(self, attempt: Attempt, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._attempt = attempt

    def generate_output_artifacts(self, execution_id: int) -> dict[str, list[Artifact]]:
        outputs = super().generate_output_artifacts(self._folder(execution_id))
        for key, artifacts in outputs.items():
            for index, artifact in enumerate(artifacts):
                # A name is given once for each type: no execution has outputs twice.
                artifact.mlmd_artifact.name = f"{self._attempt.key}.{key}.{index}"
        return outputs

    def get_executor_output_uri(self, execution_id: int) -> str:
        return super().get_executor_output_uri(self._folder(execution_id))

    def make_tmp_dir(self, execution_id: int) -> str:
        return super().make_tmp_dir(self._folder(execution_id))

    def temporary_folder(self, name: str) -> str:
        """Where an attempt has its temporary files, by the name of its folder."""
        return (
            f"{self._node_dir}/{outputs_utils._SYSTEM}/{outputs_utils._EXECUTOR_EXECUTION}/{name}"
        )

    def _folder(self, execution_id: int) -> Any:
        return self._attempt.name_folder(execution_id)


def _has_outputs(handle: metadata.Metadata, execution_id: int) -> bool:
    return bool(execution_lib.get_output_artifacts(handle, execution_id))


def _mark_complete(handle: metadata.Metadata, execution_id: int, contexts: Contexts) -> None:
    """Corrects what another attempt may have said of an execution that has its outputs."""
    [execution] = handle.store.get_executions_by_id([execution_id])
    if not execution_lib.is_execution_successful(execution):
        execution.last_known_state = _State.COMPLETE
        execution_lib.put_execution(handle, execution, contexts)


def _has_inputs(handle: metadata.Metadata, execution_id: int) -> bool:
    events = handle.store.get_events_by_execution_ids([execution_id])
    return any(event.type == metadata_store_pb2.Event.INPUT for event in events)


def _remove_outputs(output_dict: Artifacts) -> None:
    # The attempt that counts may have removed them; TFX's own function fails then.
    for artifact in _flat(output_dict):
        _remove(artifact.uri)


def _remove(folder: str) -> None:
    with contextlib.suppress(Exception):  # It is not there, or will be in nobody's way.
        fileio.rmtree(folder)


def _flat(artifacts: Artifacts) -> list[Artifact]:
    return [one for many in artifacts.values() for one in many]
