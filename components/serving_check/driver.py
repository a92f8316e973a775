"""Reads from ML Metadata how often a model has failed: a failure may be a coincidence."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

MODEL_KEY = "model"
FAILED_KEY = "failed"
"""On an InfraBlessing: 1 if the model was checked and failed."""
FAILURES_KEY = "failures"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds to the execution properties how often the model was checked and failed.

    TFX would reuse a cached failure in every later run, though memory may have been short or the
    machine busy. The properties are part of its cache key: a failure is never reused, while a model
    that has passed is not checked again.
    """

    # TFX accepts drivers of the first, older base only, and its launcher calls the second.
    def __init__(self, mlmd_connection: metadata.Metadata) -> None:
        """Passes the metadata store to both bases."""
        base_driver.BaseDriver.__init__(self, mlmd_connection)
        portable_base_driver.BaseDriver.__init__(self, mlmd_connection)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Adds `failures`, a number."""
        [model] = execution_info.input_dict[MODEL_KEY]
        with self._mlmd_connection as handle:
            failures = _count_failures(handle.store, model.id)
        output = driver_output_pb2.DriverOutput()
        data_types_utils.set_metadata_value(output.exec_properties[FAILURES_KEY], failures)
        return output


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
