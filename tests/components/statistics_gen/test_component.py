"""Statistics that are counted without Beam are Beam's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.types import standard_artifacts

from components.statistics_gen.component import Executor, compute_statistics
from components.statistics_gen.options import CHECKED_FEATURES, statistics_options

Rows = list[tuple[str, str, int]]
ROWS: Rows = [
    (label, kind, size)
    for size in range(10, 60)
    for label, kind in (("cat", "jpeg"), ("dog", "png"), ("été", "jpeg"))
]


def write_labels_only(path: Path, labels: list[str]) -> str:
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label in labels:
            example = tf.train.Example()
            example.features.feature["image/class/text"].bytes_list.value.append(label.encode())
            writer.write(example.SerializeToString())
    return str(path)


def _sorted(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> list[str]:
    """The features in one order, as text."""
    [dataset] = statistics.datasets
    return sorted(str(feature) for feature in dataset.features)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]], ids=["many", "one"])
def test_numbers_are_beams(
    rows: Rows, tmp_path: Path, write_split: Callable[[Path, Rows], Path]
) -> None:
    middle = len(rows) // 3
    parts = {"data-0.gz": rows[:middle], "data-1.gz": rows[middle:]}
    # Whole batches without a height, as of another writer.
    bare = write_labels_only(tmp_path / "data-2.gz", ["cat"] * 70)
    files = [*(str(write_split(tmp_path / name, part)) for name, part in parts.items()), bare]
    options = statistics_options()
    expected = tfdv.generate_statistics_from_tfrecord(
        str(tmp_path / "data-*.gz"), str(tmp_path / "beam.pb"), stats_options=options
    )
    found = compute_statistics(files, options)
    assert found.datasets[0].num_examples == expected.datasets[0].num_examples
    assert found.datasets[0].num_examples == len(rows) + 70
    assert _sorted(found) == _sorted(expected)


def test_an_empty_split_has_no_examples(
    tmp_path: Path, write_split: Callable[[Path, Rows], Path]
) -> None:
    path = str(write_split(tmp_path / "data.gz", []))
    for files in ([path], []):
        [dataset] = compute_statistics(files, statistics_options()).datasets
        assert dataset.num_examples == 0


def _run(tmp_path: Path, beam_args: list[str]) -> standard_artifacts.ExampleStatistics:
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "examples")
    examples.split_names = '["train", "test"]'
    examples.span = 7
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(tmp_path / "statistics")
    executor = Executor(Executor.Context(beam_pipeline_args=beam_args, tmp_dir=str(tmp_path)))
    executor.Do(
        {"examples": [examples]},
        {"statistics": [statistics]},
        {"stats_options_json": statistics_options().to_json(), "exclude_splits": "[]"},
    )
    return statistics


@pytest.mark.parametrize("mode", ["in_memory", "multi_threading"])
def test_outputs_are_tfxs(
    mode: str, tmp_path: Path, write_split: Callable[[Path, Rows], Path]
) -> None:
    for split, rows in (("train", ROWS), ("test", ROWS[:9])):
        write_split(tmp_path / "examples" / f"Split-{split}" / "data-0.gz", rows)
    found = _run(tmp_path, [f"--direct_running_mode={mode}"])
    assert (found.split_names, found.span) == ('["train", "test"]', 7)
    for split, count in (("train", len(ROWS)), ("test", 9)):
        path = Path(found.uri) / f"Split-{split}" / "FeatureStats.pb"
        [dataset] = tfdv.load_stats_binary(str(path)).datasets
        assert dataset.num_examples == count
        names = {feature.path.step[0] for feature in dataset.features}
        assert names == set(CHECKED_FEATURES)


def test_files_need_no_compression(tmp_path: Path) -> None:
    example = tf.train.Example()
    example.features.feature["image/class/text"].bytes_list.value.append(b"cat")
    path = str(tmp_path / "data")
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(example.SerializeToString())
    [dataset] = compute_statistics([path], statistics_options()).datasets
    assert dataset.num_examples == 1
