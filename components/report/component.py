"""The TFX component that writes a page about the run: driver, executor, inputs and outputs."""

import json
from collections.abc import Mapping
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.types import artifact, artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Artifacts
from components.driver import PropertiesDriver
from components.progress import report_progress
from components.report.inputs.history import read_run_facts
from components.report.inputs.sources import collect_sources
from components.report.page import build_page
from components.report.page_files import write_folder

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


class Executor(base_executor.BaseExecutor):
    """Executor of `Report`."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes `index.html` and its charts.

        Args:
            input_dict: See `ReportSpec`; lists may be empty.
            output_dict: `report`, one artifact.
            exec_properties: `configuration` and `code`, and `run` from the driver.

        Raises:
            ReportError: The page cannot be written.
        """
        report_progress("Report", "reading the outputs of the run")
        page = build_page(collect_sources(input_dict, exec_properties))
        write_folder(artifact_utils.get_single_uri(output_dict["report"]), page.files)


class HtmlReport(artifact.Artifact):
    """A folder with `index.html`, which is self-contained, and its charts as PNG files."""

    TYPE_NAME = "HtmlReport"


def _optional(kind: type[artifact.Artifact]) -> ChannelParameter:
    return ChannelParameter(type=kind, optional=True)


class ReportSpec(ComponentSpec):
    """Inputs and outputs of `Report`."""

    PARAMETERS = {
        "configuration": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        STATISTICS_KEY: _optional(standard_artifacts.ExampleStatistics),
        "anomalies": _optional(standard_artifacts.ExampleAnomalies),
        "model_run": _optional(standard_artifacts.ModelRun),
        "model": _optional(standard_artifacts.Model),
        # The model that it was compared with.
        "baseline_model": _optional(standard_artifacts.Model),
        "evaluation": _optional(standard_artifacts.ModelEvaluation),
        "serving_check": _optional(standard_artifacts.InfraBlessing),
        "pushed_model": _optional(standard_artifacts.PushedModel),
    }
    OUTPUTS = {"report": ChannelParameter(type=HtmlReport)}


class Report(base_component.BaseComponent):
    """Writes one self-contained HTML page about the run, also if the model is refused.

    Every input except the examples may be absent or empty: the page leaves out the section of a
    node that was skipped. It is never cached, as the page is about this run.

    Output `report`: an `HtmlReport` artifact.

    Example:
        report = Report(examples, evaluation=evaluator.outputs["evaluation"])
        report.add_upstream_node(pusher)
    """

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        examples: types.BaseChannel,
        configuration: str = "{}",
        code: Mapping[str, str] | None = None,
        **inputs: types.BaseChannel | None,
    ) -> None:
        """Creates the component.

        Args:
            examples: `Examples`, by `ImageExampleGen`.
            configuration: The effective configuration, as JSON.
            code: Fingerprints of the code by package.
            inputs: The others of `ReportSpec`, each by its name.
        """
        spec = ReportSpec(
            examples=examples,
            configuration=configuration,
            code=json.dumps(dict(code or {})),
            report=types.Channel(type=HtmlReport),
            **inputs,
        )
        super().__init__(spec=spec)
