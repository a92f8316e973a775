"""The inferred and the curated schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from google.protobuf import text_format

from components.errors import UserError
from components.schema_gen.component import infer_schema, label_domain, read_curated_schema
from components.statistics_gen.options import CHECKED_FEATURES, list_labels

Compute = Callable[[list[tuple[str, str, int]]], Any]
TRAIN = [("cat", "jpeg", 10), ("dog", "jpeg", 20)]


def test_statistics_leave_the_bytes_out(compute_statistics: Compute) -> None:
    [dataset] = compute_statistics(TRAIN).datasets
    names = {feature.path.step[0] for feature in dataset.features}
    assert names == set(CHECKED_FEATURES)


def test_transform_can_parse_by_the_inferred_schema(compute_statistics: Compute) -> None:
    schema = infer_schema(compute_statistics(TRAIN))
    spec = tft.tf_metadata.schema_utils.schema_as_feature_spec(schema).feature_spec
    assert spec.keys() == {"image/encoded", *CHECKED_FEATURES}
    assert all(feature.shape == [1] for feature in spec.values())


def test_other_sizes_and_formats_are_no_anomaly(compute_statistics: Compute) -> None:
    schema = infer_schema(compute_statistics(TRAIN))
    del schema.feature[-1]  # image/encoded, of which there are no statistics
    other = compute_statistics([("cat", "png", 9999), ("dog", "bmp", 1)])
    assert not tfdv.validate_statistics(other, schema).anomaly_info
    new_label = compute_statistics([("cat", "png", 10), ("fox", "png", 10)])
    assert list(tfdv.validate_statistics(new_label, schema).anomaly_info) == ["image/class/text"]


def test_thousands_of_classes(compute_statistics: Compute) -> None:
    statistics = compute_statistics([(f"class-{n}", "jpeg", 10) for n in range(3000)])
    assert len(label_domain(infer_schema(statistics))) == 3000
    assert len(list_labels(statistics)) == 3000


@pytest.mark.parametrize(
    "labels", [["0", "1", "7"], ["False", "True"], ["true", "false"], ["1.5", "2"]]
)
def test_labels_that_look_like_numbers_or_booleans_are_listed(
    tmp_path: Path, compute_statistics: Compute, labels: list[str]
) -> None:
    """Those of the built-in sample: its schema was refused as data.schema_path."""
    schema = infer_schema(compute_statistics([(label, "jpeg", 10) for label in labels]))
    path = tmp_path / "schema.pbtxt"
    path.write_text(text_format.MessageToString(schema))
    assert label_domain(read_curated_schema(str(path))) == sorted(labels)
    del schema.feature[-1]
    same = compute_statistics([(label, "jpeg", 10) for label in labels])
    assert not tfdv.validate_statistics(same, schema).anomaly_info
    other = compute_statistics([(label, "jpeg", 10) for label in [*labels, "12"]])
    assert list(tfdv.validate_statistics(other, schema).anomaly_info) == ["image/class/text"]


def test_curated_schema_gets_the_image(tmp_path: Path, compute_statistics: Compute) -> None:
    schema = infer_schema(compute_statistics(TRAIN))
    del schema.feature[-1]
    path = tmp_path / "schema.pbtxt"
    path.write_text(text_format.MessageToString(schema))
    curated = read_curated_schema(str(path))
    assert [feature.name for feature in curated.feature][-1] == "image/encoded"
    assert label_domain(curated) == ["cat", "dog"]


def test_invalid_schema_files(tmp_path: Path) -> None:
    path = tmp_path / "schema.pbtxt"
    path.write_text("labels: cat, dog")
    with pytest.raises(UserError, match="schema.pbtxt is not a TFDV schema: .*\nStart from"):
        read_curated_schema(str(path))
    path.write_text('feature { name: "image/class/text" type: BYTES }')
    with pytest.raises(UserError, match="schema.pbtxt lists no labels"):
        read_curated_schema(str(path))
