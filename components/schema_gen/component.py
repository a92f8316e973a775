"""The schema of the examples: inferred from the train split, or curated by the user."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from components.artifacts import Artifacts
from components.errors import UserError
from components.feature_keys import FORMAT, IMAGE, LABEL
from components.images.formats import FORMATS
from components.statistics_gen.options import MAX_CLASSES, list_labels

SCHEMA_FILE = "schema.pbtxt"


def infer_schema(statistics: Any) -> schema_pb2.Schema:
    """Infers the schema from a `DatasetFeatureStatisticsList` of the train split.

    Its labels are those of the train split, so that any other label is an anomaly. Its formats are
    all that ingest lets pass: which of them the train split has says nothing.
    """
    schema = tfdv.infer_schema(
        statistics, infer_feature_shape=True, max_string_domain_size=MAX_CLASSES
    )
    for domain in schema.string_domain:
        if domain.name == FORMAT:
            domain.value[:] = sorted(accepted.name for accepted in FORMATS)
    _list_labels(schema, sorted(list_labels(statistics)))
    return complete_schema(schema)


def _list_labels(schema: schema_pb2.Schema, labels: Sequence[str]) -> None:
    """Lists the labels where TFDV took them for numbers or booleans, and listed none."""
    for feature in schema.feature:
        if feature.name == LABEL and not label_domain(schema):
            schema.string_domain.add(name=LABEL, value=labels)
            feature.domain = LABEL


def complete_schema(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """Adds `image/encoded`, of which there are no statistics, where the schema lacks it.

    Transform parses what the schema names, and nothing else.
    """
    if all(feature.name != IMAGE for feature in schema.feature):
        image = schema.feature.add(name=IMAGE, type=schema_pb2.BYTES)
        image.shape.dim.add(size=1)
        image.presence.min_fraction = 1.0
        image.presence.min_count = 1
    return schema


def read_curated_schema(path: str) -> schema_pb2.Schema:
    """Reads a schema that the user wrote or edited.

    Raises:
        UserError: If the file is not a schema, or does not list the labels.
    """
    try:
        schema = text_format.Parse(Path(path).read_text(encoding="utf-8"), schema_pb2.Schema())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UserError(
            f"data.schema_path: {path} is not a TFDV schema: {error}.",
            "Start from the schema.pbtxt that a run without data.schema_path infers.",
        ) from error
    if not label_domain(schema):
        raise UserError(
            f"data.schema_path: {path} lists no labels.",
            f"Give the feature {LABEL} a string_domain with the class names.",
        )
    return complete_schema(schema)


def label_domain(schema: schema_pb2.Schema) -> list[str]:
    """The class names of a schema; empty if it leaves them open."""
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    for feature in schema.feature:
        if feature.name == LABEL:
            return domains.get(feature.domain, list(feature.string_domain.value))
    return []


class Executor(base_executor.BaseExecutor):
    """Executor of `ImageSchemaGen`."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes `schema.pbtxt`.

        Args:
            input_dict: `statistics`.
            output_dict: `schema`.
            exec_properties: `curated_schema`, the text of a schema, or empty to infer one.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        if exec_properties["curated_schema"]:
            schema = text_format.Parse(exec_properties["curated_schema"], schema_pb2.Schema())
        else:
            statistics = artifact_utils.get_single_instance(input_dict["statistics"])
            train = stats_artifact_utils.load_statistics(statistics, "train")
            schema = infer_schema(train.proto())
        folder = artifact_utils.get_single_uri(output_dict["schema"])
        io_utils.write_pbtxt_file(os.path.join(folder, SCHEMA_FILE), schema)


class ImageSchemaGenSpec(ComponentSpec):
    """What `ImageSchemaGen` takes and makes."""

    PARAMETERS = {"curated_schema": ExecutionParameter(type=str)}
    INPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}
    OUTPUTS = {"schema": ChannelParameter(type=standard_artifacts.Schema)}


class ImageSchemaGen(base_component.BaseComponent):
    """Makes the schema of the examples, `image/encoded` included.

    TFX's SchemaGen knows only what is in the statistics, names no more than 100 classes and mixes
    the splits; its ImportSchemaGen does not notice when the file's content changes.

    Output `schema`: a `Schema` artifact.
    """

    SPEC_CLASS = ImageSchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, statistics: types.BaseChannel, schema_path: str | None = None) -> None:
        """Makes the component.

        Args:
            statistics: An `ExampleStatistics` channel, by `statistics_options`.
            schema_path: A curated schema; None infers one from the train split.

        Raises:
            UserError: If the curated schema cannot be used.
        """
        curated = read_curated_schema(schema_path) if schema_path else schema_pb2.Schema()
        spec = ImageSchemaGenSpec(
            curated_schema=text_format.MessageToString(curated),
            statistics=statistics,
            schema=types.Channel(type=standard_artifacts.Schema),
        )
        super().__init__(spec=spec)
