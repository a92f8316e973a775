"""The images: number by class, format and size; quarantined files; anomalies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.artifacts import ANOMALIES_FILE, INGEST_FILE, QUARANTINE_FILE
from components.report.charts.chart import Chart
from components.report.charts.sizes import draw_sizes
from components.report.inputs.sources import Sources
from components.report.inputs.statistics import SplitStatistics, read_statistics, split_order

MOST_CLASSES = 30
MOST_FILES = 20
MOST_ANOMALIES = 20


@dataclass(frozen=True)
class ClassRow:
    """A class, and its images; `bar` is their share of the largest class', 0 to 1."""

    name: str
    by_split: Sequence[int]
    total: int
    bar: float


@dataclass(frozen=True)
class Data:
    """The section about the images.

    Attributes:
        ingest: `ingest.json`; any key may be missing.
        splits: Number of images by split.
        classes: The classes shown: all, or the most and the least frequent ones.
        number_of_classes: Number of all classes.
        formats: Number of images by split, by format.
        statistics: TFDV's statistics, by split.
        charts: Distribution of widths and heights.
        quarantined: The first lines of `quarantine.jsonl`.
        anomalies: What does not match the schema; None if it was not checked.
        number_of_anomalies: Number of all anomalies.
    """

    ingest: Mapping[str, Any]
    splits: Mapping[str, int]
    classes: Sequence[ClassRow]
    number_of_classes: int
    formats: Mapping[str, Sequence[int]]
    statistics: Mapping[str, SplitStatistics]
    charts: Sequence[Chart]
    quarantined: Sequence[Mapping[str, Any]]
    anomalies: Sequence[str] | None
    number_of_anomalies: int


def read_data(sources: Sources) -> Data:
    """Reads the outputs of ImageExampleGen, StatisticsGen and ExampleCheck."""
    folder = sources.folders.get("statistics")
    statistics = read_statistics(folder) if folder else {}
    ingest = sources.read_json("examples", INGEST_FILE) or {}
    by_split = ingest.get("classes_by_split") or {
        split: of_split.labels for split, of_split in statistics.items()
    }
    by_split = {split: by_split[split] for split in sorted(by_split, key=split_order)}
    rows = _rows(by_split)
    anomalies = sources.read_json("anomalies", ANOMALIES_FILE)
    return Data(
        ingest=ingest,
        splits={split: sum(counts.values()) for split, counts in by_split.items()},
        classes=_choose(rows),
        number_of_classes=len(rows),
        formats=_formats(statistics),
        statistics=statistics,
        charts=draw_sizes(statistics),
        quarantined=_read_quarantined(sources),
        anomalies=None if anomalies is None else anomalies[:MOST_ANOMALIES],
        number_of_anomalies=len(anomalies or []),
    )


def _rows(by_split: Mapping[str, Mapping[str, int]]) -> list[ClassRow]:
    """All classes, the most frequent first."""
    names = sorted({name for counts in by_split.values() for name in counts})
    counts = {name: [of_split.get(name, 0) for of_split in by_split.values()] for name in names}
    largest = max((sum(numbers) for numbers in counts.values()), default=1)
    rows = [
        ClassRow(name, numbers, sum(numbers), sum(numbers) / max(largest, 1))
        for name, numbers in counts.items()
    ]
    return sorted(rows, key=lambda row: -row.total)


def _choose(rows: list[ClassRow]) -> list[ClassRow]:
    if len(rows) <= MOST_CLASSES:
        return rows
    half = MOST_CLASSES // 2
    return [*rows[:half], *rows[-half:]]


def _formats(statistics: Mapping[str, SplitStatistics]) -> dict[str, list[int]]:
    names = dict.fromkeys(name for of_split in statistics.values() for name in of_split.formats)
    return {
        name: [of_split.formats.get(name, 0) for of_split in statistics.values()] for name in names
    }


def _read_quarantined(sources: Sources) -> list[dict[str, Any]]:
    contents = sources.read_bytes("examples", QUARANTINE_FILE) or b""
    return [json.loads(line) for line in contents.splitlines()[:MOST_FILES]]
