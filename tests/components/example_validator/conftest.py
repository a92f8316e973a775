"""Statistics of examples, as StatisticsGen computes them, and a pipeline that checks them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv

from components.statistics_gen.options import statistics_options

Row = tuple[str, str, int]
"""Label, format and size of an image."""


def write_examples(path: Path, rows: list[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label, image_format, size in rows:
            example = tf.train.Example()
            feature = example.features.feature
            feature["image/encoded"].bytes_list.value.append(b"\xff" * 1000)
            feature["image/class/text"].bytes_list.value.append(label.encode())
            feature["image/format"].bytes_list.value.append(image_format.encode())
            feature["image/height"].int64_list.value.append(size)
            feature["image/width"].int64_list.value.append(size)
            writer.write(example.SerializeToString())
    return path


@pytest.fixture
def compute_statistics() -> Callable[[list[Row]], object]:
    """Computes statistics by options that have been through TFX's serialization."""

    def compute(rows: list[Row]) -> object:
        table = pd.DataFrame(
            {
                "image/encoded": [b"\xff" * 1000] * len(rows),
                "image/class/text": [label for label, _, _ in rows],
                "image/format": [image_format for _, image_format, _ in rows],
                "image/height": [size for _, _, size in rows],
                "image/width": [size for _, _, size in rows],
            }
        )
        options = tfdv.StatsOptions.from_json(statistics_options().to_json())
        return tfdv.generate_statistics_from_dataframe(table, options, n_jobs=1)

    return compute


@pytest.fixture
def write_split() -> Callable[[Path, list[Row]], Path]:
    return write_examples
