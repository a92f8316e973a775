"""TFDV's statistics of the images of each split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components import storage
from components.feature_keys import FORMAT, HEIGHT, LABEL, WIDTH

_FILE = "FeatureStats.pb"
_SPLIT = "Split-"


@dataclass(frozen=True)
class Distribution:
    """Distribution of a width or height, in pixels; there is one more edge than counts."""

    smallest: float
    median: float
    largest: float
    edges: Sequence[float]
    counts: Sequence[float]


@dataclass(frozen=True)
class SplitStatistics:
    """Numbers of images in a split, by class and by format (most frequent first), and sizes."""

    examples: int
    labels: Mapping[str, int]
    formats: Mapping[str, int]
    sizes: Mapping[str, Distribution]


def read_statistics(folder: str) -> dict[str, SplitStatistics]:
    """Reads the statistics of every split, in the order train, validation, test, others."""
    from tensorflow_metadata.proto.v0 import statistics_pb2
    from tfx.dsl.io import fileio

    statistics = {}
    for path in fileio.glob(storage.join(folder, f"{_SPLIT}*/{_FILE}")):
        split = path.split("/")[-2].removeprefix(_SPLIT)
        proto = statistics_pb2.DatasetFeatureStatisticsList.FromString(storage.read_bytes(path))
        statistics[split] = _read_split(proto)
    return dict(sorted(statistics.items(), key=lambda item: split_order(item[0])))


def split_order(split: str) -> tuple[int, str]:
    """Sort key of splits: train, validation, test, then others by name."""
    known = ("train", "validation", "test")
    return known.index(split) if split in known else len(known), split


def _read_split(proto: Any) -> SplitStatistics:
    [dataset] = proto.datasets
    features = {".".join(feature.path.step): feature for feature in dataset.features}
    return SplitStatistics(
        examples=int(dataset.num_examples),
        labels=_read_values(features.get(LABEL)),
        formats=_read_values(features.get(FORMAT)),
        sizes={
            name: _read_distribution(features[name].num_stats)
            for name in (WIDTH, HEIGHT)
            if name in features
        },
    )


def _read_values(feature: Any) -> dict[str, int]:
    if feature is None:
        return {}
    buckets = feature.string_stats.rank_histogram.buckets
    return {bucket.label: int(bucket.sample_count) for bucket in buckets}


def _read_distribution(stats: Any) -> Distribution:
    from tensorflow_metadata.proto.v0 import statistics_pb2

    [histogram] = [
        histogram.buckets
        for histogram in stats.histograms
        if histogram.type == statistics_pb2.Histogram.STANDARD
    ]
    return Distribution(
        stats.min,
        stats.median,
        stats.max,
        [*(bucket.low_value for bucket in histogram), histogram[-1].high_value],
        [bucket.sample_count for bucket in histogram],
    )
