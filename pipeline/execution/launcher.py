"""TFX's portable launcher, made safe for nodes that are started again, even while still running."""

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

    - A run has one execution per node. In TFX, two processes that start a node at the same time
      register one each, and TFX fails when it finds two; here the execution has a unique name.
    - Each attempt writes to its own folders. In TFX, a second attempt writes to those of the first,
      which may contain incomplete outputs, or still be written to.
    - Only the newest attempt sets the final state of the execution. In TFX, an old pod that fails
      late marks the completed execution of a later one as failed.
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
        # Everything before the executor can safely be repeated.
        return retry_transient(super()._prepare_execution)

    def _register_or_reuse_execution(
        self,
        metadata_handle: metadata.Metadata,
        contexts: Contexts,
        input_artifacts: Artifacts | None = None,
        exec_properties: Mapping[str, Any] | None = None,
    ) -> metadata_store_pb2.Execution:
        execution = self._find_or_register(
            metadata_handle, contexts, input_artifacts, exec_properties
        )
        folder = self._output_resolver.choose_folder(execution.id)
        self._attempt.record_folder(metadata_handle.store, folder)
        return execution

    def _find_or_register(
        self,
        metadata_handle: metadata.Metadata,
        contexts: Contexts,
        input_artifacts: Artifacts | None,
        exec_properties: Mapping[str, Any] | None,
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
        # A running execution is left alone: it may complete at this very moment.
        if execution.last_known_state not in (_State.RUNNING, _State.COMPLETE, _State.CACHED):
            execution.last_known_state = _State.RUNNING
            # An earlier attempt without inputs has registered none.
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
        earlier: list[str] = []

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
                earlier.extend(self._attempt.earlier_folders(handle.store))
            return {artifact.uri for artifact in _flat(published)}

        try:
            is_ours = retry_transient(publish) == {artifact.uri for artifact in _flat(output_dict)}
        except SupersededError:
            _remove_outputs(output_dict)
            raise
        if is_ours:
            self._remove_earlier(earlier, output_dict)
        else:  # An earlier attempt published at this very moment.
            _remove_outputs(output_dict)

    def _publish_failed_execution(
        self, execution_id: int, contexts: Contexts, executor_output: Any = None
    ) -> None:
        with self._mlmd_connection as handle:
            is_newest = self._attempt.is_newest(handle.store)
        if not is_newest:
            _logger.info("This attempt failed, but a later one has replaced it:", exc_info=True)
            raise self._superseded() from None
        super()._publish_failed_execution(execution_id, contexts, executor_output)

    def _superseded(self) -> SupersededError:
        return SupersededError(self._pipeline_node.node_info.id, self._attempt.number)

    def _remove_earlier(self, names: Sequence[str], output_dict: Artifacts) -> None:
        """Removes the outputs of earlier attempts, none of which were published."""
        for artifact in _flat(output_dict):
            folder, _, name = artifact.uri.rpartition("/")
            if name == self._output_resolver.folder:
                for earlier in names:
                    _remove(f"{folder}/{earlier}")
        for earlier in names:  # Beam's temporary files.
            _remove(f"{self._output_resolver.temporary_folder}/{earlier}")


class _AttemptOutputs(outputs_utils.OutputsResolver):
    """TFX's output folders, with a name that only this attempt uses.

    Attributes:
        folder: The name, once it is chosen.
    """

    def __init__(self, attempt: Attempt, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._attempt = attempt
        self.folder = ""

    def choose_folder(self, execution_id: int) -> str:
        """Chooses the name, once."""
        keys = self._pipeline_node.outputs.outputs
        parents = [*(f"{self._node_dir}/{key}" for key in keys), self.temporary_folder]
        self.folder = self.folder or self._attempt.name_folder(execution_id, parents)
        return self.folder

    @property
    def temporary_folder(self) -> str:
        """The folder of the temporary files of every attempt."""
        return f"{self._node_dir}/{outputs_utils._SYSTEM}/{outputs_utils._EXECUTOR_EXECUTION}"

    def generate_output_artifacts(self, execution_id: int) -> dict[str, list[Artifact]]:
        outputs = super().generate_output_artifacts(self._name)
        for key, artifacts in outputs.items():
            for index, artifact in enumerate(artifacts):
                # Names are unique per type: an execution cannot have its outputs twice.
                artifact.mlmd_artifact.name = f"{self._attempt.key}.{key}.{index}"
        return outputs

    def get_executor_output_uri(self, execution_id: int) -> str:
        return super().get_executor_output_uri(self._name)

    def make_tmp_dir(self, execution_id: int) -> str:
        return super().make_tmp_dir(self._name)

    @property
    def _name(self) -> Any:
        return self.folder  # TFX expects an integer, and only writes it into paths.


def _has_outputs(handle: metadata.Metadata, execution_id: int) -> bool:
    return bool(execution_lib.get_output_artifacts(handle, execution_id))


def _mark_complete(handle: metadata.Metadata, execution_id: int, contexts: Contexts) -> None:
    """Corrects the state that another attempt may have set on an execution with outputs."""
    [execution] = handle.store.get_executions_by_id([execution_id])
    if not execution_lib.is_execution_successful(execution):
        execution.last_known_state = _State.COMPLETE
        execution_lib.put_execution(handle, execution, contexts)


def _has_inputs(handle: metadata.Metadata, execution_id: int) -> bool:
    events = handle.store.get_events_by_execution_ids([execution_id])
    return any(event.type == metadata_store_pb2.Event.INPUT for event in events)


def _remove_outputs(output_dict: Artifacts) -> None:
    # The newest attempt may have removed them; TFX's own function would fail.
    for artifact in _flat(output_dict):
        _remove(artifact.uri)


def _remove(folder: str) -> None:
    with contextlib.suppress(Exception):  # It does not exist, or does no harm.
        fileio.rmtree(folder)


def _flat(artifacts: Artifacts) -> list[Artifact]:
    return [one for many in artifacts.values() for one in many]
