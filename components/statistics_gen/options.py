"""Which statistics are computed over the examples, and which labels they list."""

from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.feature_keys import FORMAT, HEIGHT, LABEL, WIDTH

FEATURE_TYPES = {
    LABEL: schema_pb2.BYTES,
    FORMAT: schema_pb2.BYTES,
    HEIGHT: schema_pb2.INT,
    WIDTH: schema_pb2.INT,
}
CHECKED_FEATURES = tuple(FEATURE_TYPES)

MAX_CLASSES = 100_000
"""Most classes that are distinguished; ImageNet-21k has 21,841."""


def statistics_options() -> tfdv.StatsOptions:
    """Options for StatisticsGen: labels, sizes and formats, never the encoded bytes.

    Statistics of strings cost memory and time by their length, and say nothing about images.
    """
    return tfdv.StatsOptions(
        feature_allowlist=list(CHECKED_FEATURES),
        # TFDV's 1000 would leave classes out of the list by which a missing one is found.
        num_rank_histogram_buckets=MAX_CLASSES,
    )


def list_labels(statistics: Any) -> set[str]:
    """The labels that occur, of a `DatasetFeatureStatisticsList` by `statistics_options`."""
    return {
        bucket.label
        for dataset in statistics.datasets
        for feature in dataset.features
        if LABEL in (feature.name, *feature.path.step)
        for bucket in feature.string_stats.rank_histogram.buckets
    }
