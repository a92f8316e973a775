"""Reads from ML Metadata how often a model has failed: a failure may be a coincidence."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.portable.data_types import ExecutionInfo

from components.driver import PropertiesDriver

MODEL_KEY = "model"
FAILED_KEY = "failed"
"""On an InfraBlessing: 1 if the model was checked and failed."""
FAILURES_KEY = "failures"


class Driver(PropertiesDriver):
    """Adds to the execution properties how often the model was checked and failed.

    TFX would reuse a cached failure in every later run, though memory may have been short or the
    machine busy. With the number in its cache key, a failure is never reused, while a model that
    has passed is not checked again.
    """

    def find_properties(self, execution_info: ExecutionInfo) -> dict[str, Any]:
        """`failures`, a number."""
        [model] = execution_info.input_dict[MODEL_KEY]
        with self._mlmd_connection as handle:
            return {FAILURES_KEY: _count_failures(handle.store, model.id)}


def _count_failures(store: Any, model_id: int) -> int:
    """Counts the outputs of executions on the model that are marked as failed."""
    event = metadata_store_pb2.Event
    inputs = store.get_events_by_artifact_ids([model_id])
    executions = {one.execution_id for one in inputs if one.type == event.INPUT}
    outputs = store.get_events_by_execution_ids(executions)
    artifacts = {one.artifact_id for one in outputs if one.type == event.OUTPUT}
    return sum(
        artifact.custom_properties[FAILED_KEY].int_value
        for artifact in store.get_artifacts_by_id(artifacts)
        if FAILED_KEY in artifact.custom_properties
    )
