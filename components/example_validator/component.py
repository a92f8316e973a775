"""The TFX component that stops a run whose examples are not what they should be."""

from typing import Literal

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.example_validator.executor import Executor


class ExampleCheckSpec(ComponentSpec):
    """What `ExampleCheck` takes and makes."""

    PARAMETERS = {"on_anomaly": ExecutionParameter(type=str)}
    INPUTS = {
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS = {"anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies)}


class ExampleCheck(base_component.BaseComponent):
    """Compares every split with the schema, and stops the run when they differ.

    TFX's ExampleValidator reports anomalies and lets the run continue; it misses an empty split
    or a class that has vanished.

    Output `anomalies`: an `ExampleAnomalies` artifact, with `anomalies.json` in its root.
    """

    SPEC_CLASS = ExampleCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        on_anomaly: Literal["fail", "warn"] = "fail",
    ) -> None:
        """Makes the component; the statistics are by `statistics_options`."""
        spec = ExampleCheckSpec(
            on_anomaly=on_anomaly,
            statistics=statistics,
            schema=schema,
            anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
        )
        super().__init__(spec=spec)
