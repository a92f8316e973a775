"""Compares the examples of every split with the schema."""

import json
from collections.abc import Sequence
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.components.example_validator import executor as example_validator
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.io import fileio
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.artifacts import ANOMALIES_FILE, Artifacts
from components.errors import UserError
from components.feature_keys import LABEL
from components.schema_gen.component import label_domain
from components.statistics_gen.options import CHECKED_FEATURES, list_labels


class AnomalyError(UserError):
    """The examples do not match the schema."""


class Executor(example_validator.Executor):
    """ExampleValidator's executor, which writes the differences, and then a verdict on them."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> execution_result_pb2.ExecutorOutput:
        """Writes `SchemaDiff.pb` for each split and `anomalies.json`, a list of sentences.

        Args:
            input_dict: `statistics` and `schema`.
            output_dict: `anomalies`.
            exec_properties: `on_anomaly`, `fail` or `warn`.

        Raises:
            AnomalyError: If there are anomalies and `on_anomaly` is `fail`.
        """
        output = super().Do(input_dict, output_dict, exec_properties)
        found = self._describe(input_dict, output_dict)
        anomalies = artifact_utils.get_single_instance(output_dict["anomalies"])
        with fileio.open(f"{anomalies.uri}/{ANOMALIES_FILE}", "w") as file:
            file.write(json.dumps(found, indent=2) + "\n")
        if found and exec_properties["on_anomaly"] == "fail":
            listed = "\n".join(f"  {line}" for line in found)
            raise AnomalyError(
                f"the examples do not match the schema:\n{listed}",
                "Fix the data, change the schema, or set data.on_anomaly: warn.",
            )
        return output

    def _Validate(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> anomalies_pb2.Anomalies:
        """Validates one split, without features without statistics, as `image/encoded`."""
        covered = schema_pb2.Schema()
        covered.CopyFrom(inputs["schema"])
        del covered.feature[:]
        covered.feature.extend(f for f in inputs["schema"].feature if f.name in CHECKED_FEATURES)
        return super()._Validate({**inputs, "schema": covered}, outputs)

    def _describe(self, input_dict: Artifacts, output_dict: Artifacts) -> list[str]:
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        schema_folder = artifact_utils.get_single_uri(input_dict["schema"])
        schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(schema_folder))
        found = []
        for split in artifact_utils.decode_split_names(statistics.split_names):
            of_split = stats_artifact_utils.load_statistics(statistics, split).proto()
            folder = artifact_utils.get_split_uri(output_dict["anomalies"], split)
            difference = anomalies_pb2.Anomalies()
            path = f"{folder}/{example_validator.DEFAULT_FILE_NAME}"
            difference.ParseFromString(io_utils.read_bytes_file(path))
            found += _describe_gaps(split, of_split, label_domain(schema))
            found += _describe_anomalies(split, difference)
        return found


def _count_examples(statistics: Any) -> int:
    """How many examples a `DatasetFeatureStatisticsList` was computed over."""
    return int(sum(dataset.num_examples for dataset in statistics.datasets))


def _describe_gaps(split: str, statistics: Any, classes: Sequence[str]) -> list[str]:
    """Describes what TFDV does not look for: an empty split, and missing classes of the schema."""
    if not _count_examples(statistics):
        return [f"{split}: the split is empty"]
    missing = [name for name in classes if name not in list_labels(statistics)]
    return [f"{split}: {LABEL}: class {name!r} of the schema has vanished" for name in missing]


def _describe_anomalies(split: str, anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """Describes what TFDV found, a line for each feature."""
    lines = [
        f"{split}: {feature}: {info.short_description}: {info.description}"
        for feature, info in sorted(anomalies.anomaly_info.items())
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        info = anomalies.dataset_anomaly_info
        lines.append(f"{split}: {info.short_description}: {info.description}")
    return lines
