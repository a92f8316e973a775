"""A TFX driver that adds to the execution properties, of which TFX makes the cache's key."""

from typing import Any

from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2


class PropertiesDriver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
    """Adds what `find_properties` returns; it reads ML Metadata, which executors cannot access."""

    # TFX accepts drivers of the first, older base only, and its launcher calls the second.
    def __init__(self, mlmd_connection: metadata.Metadata) -> None:
        """Passes the metadata store to both bases."""
        base_driver.BaseDriver.__init__(self, mlmd_connection)
        portable_base_driver.BaseDriver.__init__(self, mlmd_connection)

    def find_properties(self, execution_info: data_types.ExecutionInfo) -> dict[str, Any]:
        """The execution properties to add: texts and numbers by name."""
        raise NotImplementedError

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Adds the properties, before TFX looks for a cached result."""
        output = driver_output_pb2.DriverOutput()
        for key, value in self.find_properties(execution_info).items():
            data_types_utils.set_metadata_value(output.exec_properties[key], value)
        return output
