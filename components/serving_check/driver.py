"""Asks ML Metadata how often a model has failed: chance, too, makes one fail."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

MODEL_KEY = "model"
FAILED_KEY = "failed"
"""On an InfraBlessing: 1 if the model was asked and failed."""
FAILURES_KEY = "failures"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds to the execution properties how often the model was asked and failed.

    TFX would answer every later run with the failure, though memory may have been short or the
    machine busy. The properties are part of the key of its cache: a failure is never found there,
    while a model that has passed is not asked again.
    """

    # TFX accepts drivers of the first, older base only, and its launcher calls the second.
    def __init__(self, mlmd_connection: metadata.Metadata) -> None:
        """Remembers the metadata store, as both bases want it."""
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
    """Artifacts that what took the model has made, and that say that it failed."""
    event = metadata_store_pb2.Event
    taken = store.get_events_by_artifact_ids([model_id])
    executions = {one.execution_id for one in taken if one.type == event.INPUT}
    made = store.get_events_by_execution_ids(executions)
    artifacts = {one.artifact_id for one in made if one.type == event.OUTPUT}
    return sum(
        artifact.custom_properties[FAILED_KEY].int_value
        for artifact in store.get_artifacts_by_id(artifacts)
        if FAILED_KEY in artifact.custom_properties
    )
