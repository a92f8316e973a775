"""Builds the page of a run."""

from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.artifacts import Artifacts
from components.progress import report_progress
from components.report.inputs.sources import collect_sources
from components.report.page import build_page
from components.report.page_files import write_folder


class Executor(base_executor.BaseExecutor):
    """Executor of `Report`."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes `index.html` and its charts.

        Args:
            input_dict: See `components.report.component.ReportSpec`; lists may be empty.
            output_dict: `report`, one artifact.
            exec_properties: `configuration` and `code`, and `run` from the driver.

        Raises:
            ReportError: The page cannot be written.
        """
        report_progress("Report", "reading the outputs of the run")
        page = build_page(collect_sources(input_dict, exec_properties))
        write_folder(artifact_utils.get_single_uri(output_dict["report"]), page.files)
