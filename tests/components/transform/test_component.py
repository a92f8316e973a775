"""Transform in a pipeline: with and without Beam it leaves the same graph and labels."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from PIL import Image
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import transform_pb2
from tfx.types import standard_artifacts

from components.feature_keys import IMAGE, IMAGE_XF, LABEL, LABEL_VOCABULARY
from components.transform.component import ImageTransform, read_labels

SIZE = 8
SCHEMA = """
feature { name: "image/encoded" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "image/class/text" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""  # noqa: E501
LABELS = ["zebra", "été", "apple", "zebra", "a b"]


def _png() -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (5, 9, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _write_examples(folder: Path, labels: list[str]) -> None:
    folder.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / "data-0.gz"), "GZIP") as writer:
        for label in labels:
            example = tf.train.Example()
            example.features.feature[IMAGE].bytes_list.value.append(_png())
            example.features.feature[LABEL].bytes_list.value.append(label.encode())
            writer.write(example.SerializeToString())


@pytest.fixture
def outputs(tmp_path: Path, request: pytest.FixtureRequest) -> list[tft.TFTransformOutput]:
    """What Transform leaves without Beam and with it."""
    _write_examples(tmp_path / "examples" / "Split-train", LABELS)
    _write_examples(tmp_path / "examples" / "Split-test", ["seen in no training"])
    counts = {"train": dict.fromkeys(LABELS, 1), "test": {"seen in no training": 1}}
    summary = tmp_path / "examples" / "ingest.json"
    if request.param:
        summary.write_text(json.dumps({"classes_by_split": counts}))
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    examples = Importer(
        source_uri=str(tmp_path / "examples"),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": '["train", "test"]'},
    ).with_id("Examples")
    schema = Importer(
        source_uri=str(tmp_path / "schema"), artifact_type=standard_artifacts.Schema
    ).with_id("Schema")
    transforms = [
        ImageTransform(
            examples=examples.outputs["result"],
            schema=schema.outputs["result"],
            preprocessing_fn="components.transform.preprocessing.preprocessing_fn",
            splits_config=transform_pb2.SplitsConfig(analyze=["train"]),
            materialize=False,
            disable_statistics=True,
            custom_config={"image_size": SIZE, "interpolation": "bilinear", "scale": "tf"},
        )
        .with_id(mode)
        .with_beam_pipeline_args([f"--direct_running_mode={mode}"])
        for mode in ("in_memory", "multi_threading")
    ]
    LocalDagRunner().run(
        pipeline.Pipeline(
            "test",
            str(tmp_path / "root"),
            components=[examples, schema, *transforms],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(tmp_path / "metadata.db")
            ),
        )
    )
    found = [
        next((tmp_path / "root" / transform.id / "transform_graph").iterdir())
        for transform in transforms
    ]
    return [tft.TFTransformOutput(str(folder)) for folder in found]


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param(True, id="ours"),
        pytest.param(False, id="foreign", marks=pytest.mark.slow),
    ],
    indirect=True,
)
def test_graph_and_labels_are_those_that_beam_makes(
    outputs: list[tft.TFTransformOutput], request: pytest.FixtureRequest
) -> None:
    alone, beam = outputs
    expected = {label.encode() for label in LABELS}
    found = alone.vocabulary_by_name(LABEL_VOCABULARY)
    assert set(found) == expected
    # Beam's steps begin with what there is most of.
    is_ours = request.node.callspec.id == "ours"
    assert (list(found) == sorted(expected)) == is_ours
    assert set(beam.vocabulary_by_name(LABEL_VOCABULARY)) == expected
    assert alone.vocabulary_size_by_name(LABEL_VOCABULARY) == len(expected)
    assert alone.transformed_feature_spec() == beam.transformed_feature_spec()
    inputs = {IMAGE: tf.constant([[_png()]]), LABEL: tf.constant([["apple"]])}
    images = [one.transform_features_layer()(inputs)[IMAGE_XF] for one in outputs]
    assert images[0].shape == (1, SIZE, SIZE, 3)
    np.testing.assert_array_equal(*images)


def test_labels_are_those_that_ingest_counted(tmp_path: Path) -> None:
    artifacts = []
    for number, counts in enumerate(({"train": {"b": 2, "a": 1}}, {"train": {"c": 1}, "test": {}})):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "ingest.json").write_text(json.dumps({"classes_by_split": counts}))
        artifacts.append(standard_artifacts.Examples())
        artifacts[-1].uri = str(folder)
    assert read_labels(artifacts, ["train"]) == ["a", "b", "c"]
    assert read_labels(artifacts, ["test"]) == []
    (tmp_path / "1" / "ingest.json").unlink()
    assert read_labels(artifacts, ["train"]) is None
