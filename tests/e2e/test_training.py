"""Training in whole runs: it is reproducible, serves what it trained on, and can start warm."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.feature_keys import IMAGE
from tests.e2e.runs import run_pipeline, write_images
from trainer.data.input import build_parser

# Several whole runs a test: minutes, on a busy machine many.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.long(6)]

AUGMENTED = (
    "model.output_layer=block_8_add",
    "trainer.stages.1.augmentation={rotation: 0.05, zoom: 0.1, mixup: 0.2}",
    "trainer.class_weights=auto",
    "trainer.label_smoothing=0.1",
)


def _variables(model: Path) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(model / "variables" / "variables"))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name.startswith("network")}


def _stored_images(workspace: Path, count: int) -> tf.Tensor:
    """Serialized examples of the train split."""
    [shard] = workspace.glob("artifacts/*/ImageExampleGen/examples/*/Split-train/*")
    compression = "GZIP" if shard.suffix == ".gz" else None
    records = tf.data.TFRecordDataset(str(shard), compression_type=compression)
    return tf.stack(list(records.take(count)))


def test_the_same_run_gives_the_same_model(small: Path, tmp_path: Path) -> None:
    models = []
    for name in ("one", "two"):
        run = run_pipeline(small, tmp_path / name, *AUGMENTED)
        assert run.exit_code == 0, run.output
        models.append(Path(run.summary["pushed"]["path"]))
    one, two = map(_variables, models)
    assert one.keys() == two.keys() and len(one) > 50
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name], name)

    # The served model reads the pixels of training, to the bit.
    records = _stored_images(tmp_path / "one", 32)
    [graph] = (tmp_path / "one").glob("artifacts/*/Transform/transform_graph/*")
    parse = build_parser(tft.TFTransformOutput(str(graph)).transform_features_layer())
    # As training does: in a graph of tf.data, whose optimizer fuses operations.
    in_training = tf.data.Dataset.from_tensors(records).map(parse).get_single_element()
    contents = tf.io.parse_example(records, {IMAGE: tf.io.FixedLenFeature([], tf.string)})[IMAGE]
    model = tf.saved_model.load(str(models[0]))
    in_service = model.images(contents)
    assert in_service.shape == (32, 32, 32, 3)
    np.testing.assert_array_equal(in_training, in_service)

    # And its scores are the same at every call.
    serve = model.signatures["serving_default"]
    scores = [serve(image_bytes=contents)["scores"] for _ in range(3)]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


def test_warm_start_loads_the_last_model(small: Path, tmp_path: Path) -> None:
    config, workspace = small, tmp_path / "workspace"
    warm = "trainer.warm_start=true"
    first = run_pipeline(config, workspace, warm)
    assert first.summary["outcome"] == "pushed", first.output
    assert first.summary["notes"] == [] and first.states["EarlierModel"] == "done"

    write_images(tmp_path / "images", classes=(2,))
    grown = run_pipeline(config, workspace, warm)
    assert grown.exit_code == 0, grown.output
    note, of_labels = grown.summary["notes"]
    assert of_labels.startswith("Wrong labels were looked for with the features of the warm start")
    assert note.startswith("warm start from model") and "knows 2 of 3 classes" in note
    assert note in grown.output
    # The same images are not trained on again, though there is a newer model.
    again = run_pipeline(config, workspace, warm)
    assert again.summary["outcome"] == "unchanged", again.output
    assert again.states["Trainer"] == "cached"
