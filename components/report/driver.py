"""Reads facts about the run from ML Metadata, which executors cannot access."""

from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

from components.report.inputs.history import read_run_facts

RUN_KEY = "run"
STATISTICS_KEY = "statistics"


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds facts about this run and earlier ones to the execution properties.

    They include the run's name, so that no run gets another one's page from the cache.
    """

    # TFX accepts drivers of the first, older base only, and its launcher calls the second.
    def __init__(self, mlmd_connection: metadata.Metadata) -> None:
        """Passes the metadata store to both bases."""
        base_driver.BaseDriver.__init__(self, mlmd_connection)
        portable_base_driver.BaseDriver.__init__(self, mlmd_connection)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Adds `run`, a `RunFacts` as JSON, to the execution properties."""
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
