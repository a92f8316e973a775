"""Asks ML Metadata about the run, for an executor that cannot."""

from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

from components.report.inputs.history import read_run_facts

RUN_KEY = "run"
STATISTICS_KEY = "statistics"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds what the metadata know of this run and the one before to the execution properties.

    They name the run, so that no run is answered with another one's page.
    """

    # TFX accepts drivers of the first, older base only, and its launcher calls the second.
    def __init__(self, mlmd_connection: metadata.Metadata) -> None:
        """Remembers the metadata store, as both bases want it."""
        base_driver.BaseDriver.__init__(self, mlmd_connection)
        portable_base_driver.BaseDriver.__init__(self, mlmd_connection)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Adds `run`, a `RunFacts` as JSON, to what the executor gets."""
        statistics = execution_info.input_dict.get(STATISTICS_KEY, [])
        with self._mlmd_connection as handle:
            facts = read_run_facts(
                handle.store,
                execution_info.pipeline_info.id,
                execution_info.pipeline_run_id,
                statistics[0].id if statistics else None,
            )
        output = driver_output_pb2.DriverOutput()
        data_types_utils.set_metadata_value(
            output.exec_properties[RUN_KEY], facts.model_dump_json()
        )
        return output
