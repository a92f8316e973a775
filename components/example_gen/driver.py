"""Finds out which data a run is about, before TFX looks for a cached result."""

import copy
import os
from typing import Any

from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput

from components import storage
from components.artifacts import FINGERPRINT_KEY
from components.driver import PropertiesDriver
from components.example_gen.fingerprint import fingerprint
from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.manifest_source import manifest_files
from components.example_gen.sources.spans import resolve_span
from components.example_gen.sources.tfds_folder import find_or_prepare
from components.example_gen.sources.tree import Exclusion, walk_files
from components.progress import report_note

COMPONENT = "ImageExampleGen"
SETTINGS_KEY = "settings"
PATH_KEY = "path"
SPAN_KEY = "span"
EXAMPLES_KEY = "examples"
NO_SPAN = -1
"""The execution property `span` where the path has no `{SPAN}`: properties cannot be empty."""


def parse_settings(serialized: str) -> DataSettings:
    """Reads the `data` section back from an execution property.

    Paths were checked when the configuration was read, perhaps on another machine.
    """
    return DataSettings.model_validate_json(serialized, context={"check_paths": False})


class Driver(PropertiesDriver):
    """Resolves the span, downloads what is to be downloaded, and fingerprints the data.

    Both go into the execution properties, of which TFX makes the cache's key, and onto the
    artifact. TFX's own fingerprint (count, bytes, times in seconds) misses a changed file.
    """

    def find_properties(self, execution_info: ExecutionInfo) -> dict[str, Any]:
        """`path`, `span` and `input_fingerprint`, see `resolve`."""
        return resolve(execution_info.exec_properties)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Adds them to what the executor gets, and to the artifact.

        Raises:
            IngestError: If there are no such data.
        """
        output = super().run(execution_info)
        examples = copy.deepcopy(execution_info.output_dict[EXAMPLES_KEY][0].mlmd_artifact)
        of_data = output.exec_properties[FINGERPRINT_KEY].string_value
        examples.custom_properties[FINGERPRINT_KEY].string_value = of_data
        span = output.exec_properties[SPAN_KEY].int_value
        examples.properties[SPAN_KEY].int_value = max(0, span)
        output.output_artifacts[EXAMPLES_KEY].artifacts.append(examples)
        return output


def resolve(exec_properties: dict[str, Any]) -> dict[str, Any]:
    """Resolves the data of one run, from the properties `settings` and `path`.

    Returns:
        `path`, absolute and without `{SPAN}`, and for a TFDS dataset the folder of its version;
        `span`; `input_fingerprint`.

    Raises:
        IngestError: If there are no such data.
    """
    settings = parse_settings(exec_properties[SETTINGS_KEY])
    path = exec_properties[PATH_KEY]
    path = os.path.abspath(path) if path and not storage.is_remote(path) else path
    if settings.source == "digits":
        _write_sample(path)
    path, number, passed_over = resolve_span(
        path, settings.span, settings.span_marker, settings.empty_span
    )
    if passed_over:
        report_note(COMPONENT, f"takes span {number}: {'; '.join(passed_over)}")
    if settings.name is not None:
        path = find_or_prepare(settings.name, path, COMPONENT)
    files = list_files(path, settings)
    return {
        PATH_KEY: path,
        SPAN_KEY: NO_SPAN if number is None else number,
        FINGERPRINT_KEY: fingerprint(files, settings.fingerprint),
    }


def list_files(path: str, settings: DataSettings) -> list[tuple[str, str]]:
    """The name and the path of every file of the data; `path` is a resolved one.

    Raises:
        IngestError: If they cannot be listed.
    """
    listed = manifest_files(path) if settings.source == "manifest" else walk_files(path)
    exclude = Exclusion(settings.exclude)
    # A pattern leaves out images, never the manifest that lists them.
    files = [(name, file) for name, file in listed if file == path or name not in exclude]
    if label_file := settings.tfrecord.label_file:
        files.append(("data.tfrecord.label_file", label_file))
    if settings.corrections:
        files.append(("data.corrections", settings.corrections))
    return files


def _write_sample(folder: str) -> None:
    from pathlib import Path

    from components.example_gen.sources.digits import write_digits

    try:
        write_digits(Path(folder))
    except FileExistsError as error:
        raise IngestError(f"cannot write the built-in sample: {error}.") from error
