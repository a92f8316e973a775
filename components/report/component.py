"""The TFX component that writes a page about the run."""

import json
from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import artifact, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.report.driver import STATISTICS_KEY, Driver
from components.report.executor import Executor


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
