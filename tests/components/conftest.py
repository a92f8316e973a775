"""Examples of a split, and their statistics as StatisticsGen computes them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from components.feature_keys import FORMAT, HEIGHT, IMAGE, LABEL, WIDTH

Row = tuple[str, str, int]
"""Label, format and size of an image."""


def write_examples(path: Path, rows: list[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label, image_format, size in rows:
            example = tf.train.Example()
            feature = example.features.feature
            feature[IMAGE].bytes_list.value.append(b"\xff" * 1000)
            feature[LABEL].bytes_list.value.append(label.encode())
            feature[FORMAT].bytes_list.value.append(image_format.encode())
            feature[HEIGHT].int64_list.value.append(size)
            feature[WIDTH].int64_list.value.append(size)
            writer.write(example.SerializeToString())
    return path


@pytest.fixture
def compute_statistics() -> Callable[[list[Row]], object]:
    """Computes statistics by options that have been through TFX's serialization."""
    import pandas as pd
    import tensorflow_data_validation as tfdv

    from components.statistics_gen.options import statistics_options

    def compute(rows: list[Row]) -> object:
        table = pd.DataFrame(
            {
                IMAGE: [b"\xff" * 1000] * len(rows),
                LABEL: [label for label, _, _ in rows],
                FORMAT: [image_format for _, image_format, _ in rows],
                HEIGHT: [size for _, _, size in rows],
                WIDTH: [size for _, _, size in rows],
            }
        )
        options = tfdv.StatsOptions.from_json(statistics_options().to_json())
        return tfdv.generate_statistics_from_dataframe(table, options, n_jobs=1)

    return compute


@pytest.fixture
def write_split() -> Callable[[Path, list[Row]], Path]:
    return write_examples
