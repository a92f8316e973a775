"""What ImageExampleGen wrote, read back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf


@dataclass
class Ingested:
    """The Examples artifact of an ingest, read back."""

    root: Path
    split_names: list[str]

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "ingest.json").read_text()))

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        lines = (self.root / "quarantine.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def reasons(self) -> dict[str, str]:
        return {row["path"]: row["reason"] for row in self.quarantine}

    def shards(self, split: str) -> list[Path]:
        return sorted((self.root / f"Split-{split}").iterdir())

    def examples(self, split: str) -> list[dict[str, Any]]:
        dataset = tf.data.TFRecordDataset([str(p) for p in self.shards(split)], "GZIP")
        return [_read_example(record) for record in dataset.as_numpy_iterator()]

    def names(self, split: str) -> set[str]:
        return {example["image/filename"].decode() for example in self.examples(split)}


def _read_example(record: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(record).features.feature
    return {
        name: (feature.bytes_list.value or feature.int64_list.value)[0]
        for name, feature in features.items()
    }
