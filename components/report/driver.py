"""Reads facts about the run from ML Metadata, which executors cannot access."""

from typing import Any

from tfx.orchestration.portable.data_types import ExecutionInfo

from components.driver import PropertiesDriver
from components.report.inputs.history import read_run_facts

RUN_KEY = "run"
STATISTICS_KEY = "statistics"


class Driver(PropertiesDriver):
    """Adds facts about this run and earlier ones to the execution properties.

    They include the run's name, so that no run gets another one's page from the cache.
    """

    def find_properties(self, execution_info: ExecutionInfo) -> dict[str, Any]:
        """`run`, a `RunFacts` as JSON."""
        statistics = execution_info.input_dict.get(STATISTICS_KEY, [])
        with self._mlmd_connection as handle:
            facts = read_run_facts(
                handle.store,
                execution_info.pipeline_info.id,
                execution_info.pipeline_run_id,
                statistics[0].id if statistics else None,
            )
        return {RUN_KEY: facts.model_dump_json()}
