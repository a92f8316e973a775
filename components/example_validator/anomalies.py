"""Describes what is wrong with the statistics of a split."""

from collections.abc import Sequence
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.errors import UserError
from components.feature_keys import LABEL
from components.statistics_gen.options import list_labels


class AnomalyError(UserError):
    """The examples are not what the schema says."""


def count_examples(statistics: Any) -> int:
    """How many examples a `DatasetFeatureStatisticsList` was computed over."""
    return int(sum(dataset.num_examples for dataset in statistics.datasets))


def describe_gaps(split: str, statistics: Any, classes: Sequence[str]) -> list[str]:
    """Describes what TFDV does not look for: an empty split, and missing classes of the schema."""
    if not count_examples(statistics):
        return [f"{split}: the split is empty"]
    missing = [name for name in classes if name not in list_labels(statistics)]
    return [f"{split}: {LABEL}: class {name!r} of the schema has vanished" for name in missing]


def describe_anomalies(split: str, anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """Describes what TFDV found, a line for each feature."""
    lines = [
        f"{split}: {feature}: {info.short_description}: {info.description}"
        for feature, info in sorted(anomalies.anomaly_info.items())
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        info = anomalies.dataset_anomaly_info
        lines.append(f"{split}: {info.short_description}: {info.description}")
    return lines
