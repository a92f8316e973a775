"""One backbone of each architecture family is trained in stages and exported, with random weights.

Only the smallest member is trained. The others have more of the same layers, and take gigabytes and
minutes: for them, the table's row may differ from the smallest's in the image size only. Names are
checked in test_backbones.py, preprocessing in test_scaling.py.
"""

import dataclasses
import gc
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.feature_keys import IMAGE, IMAGE_XF
from components.transform.preprocessing import load_image
from tests.trainer.conftest import LABELS, write_examples
from trainer.data.input import build_parser, open_split
from trainer.export import export_network
from trainer.network.backbones import BACKBONES
from trainer.network.network import Network, build_network
from trainer.network.settings import ModelSettings
from trainer.stages.build import Images
from trainer.stages.checkpoint import Checkpoint
from trainer.stages.settings import StageSettings, TrainerSettings
from trainer.stages.train import Training, train_stages

pytestmark = pytest.mark.long(2)

SMALLEST = (
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
    "DenseNet121",
    "InceptionV3",
    "InceptionResNetV2",
    "Xception",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
)
HEAD = StageSettings(name="head", epochs=1)
UPPER = StageSettings(name="upper", freeze=0.7, epochs=1)
ALL = StageSettings(name="all", freeze="none", epochs=1)


class Preprocessing(tf.Module):
    """Stands in for the Transform graph."""

    def __init__(self, image_size: int, scale: str):
        super().__init__()
        self._image_size = image_size
        self._scale = scale

    def __call__(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        size = self._image_size
        images = tf.map_fn(
            lambda contents: load_image(
                contents, image_size=size, interpolation="bilinear", scale=self._scale
            ),
            tf.reshape(features[IMAGE], [-1]),
            fn_output_signature=tf.TensorSpec([size, size, 3], tf.float32),
        )
        return {IMAGE_XF: images}


def find_family(name: str) -> str:
    """The module of `keras.applications` that defines a backbone, but for the number of layers."""
    module = getattr(keras.applications, name).__module__.rpartition(".")[2]
    return "vgg" if module in ("vgg16", "vgg19") else module


@pytest.mark.parametrize("name", BACKBONES)
def test_members_of_a_family_differ_in_size_only(name: str) -> None:
    [smallest] = [other for other in SMALLEST if find_family(other) == find_family(name)]
    row = BACKBONES[name]
    assert row == dataclasses.replace(BACKBONES[smallest], image_size=row.image_size)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # Minutes, on a busy machine many.
@pytest.mark.parametrize("name", SMALLEST)
def test_stages_and_export(name: str, tmp_path: Path) -> None:
    # The models before this one took gigabytes.
    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    row = BACKBONES[name]
    model = ModelSettings(
        backbone=name, weights="none", alpha=0.25 if name == "MobileNet" else None
    )
    preprocessing = Preprocessing(row.min_image_size, row.scale)
    network = build_network(model, row.min_image_size, len(LABELS))
    before = _statistics(network)
    files = [write_examples(tmp_path / f"{seed}.tfrecord", 4, seed) for seed in (1, 2)]
    train, validation = (open_split([str(file)], LABELS) for file in files)
    images = Images(
        train, validation, build_parser(preprocessing), np.ones(2, np.float32), tmp_path
    )
    strategy = tf.distribute.get_strategy()
    settings = TrainerSettings(batch_size=4, mixed_precision="off", stages=(HEAD, UPPER, ALL))
    results = train_stages(Training(network, images, settings, strategy, Checkpoint(None, "")))
    layers = results[0]["layers"]
    trained = [0, layers - int(0.7 * layers), layers]
    assert [result["trainable_layers"] for result in results] == trained
    assert all(np.isfinite(result["history"]["loss"]).all() for result in results)
    # BatchNorm keeps its pretrained statistics, bit for bit.
    for path, value in _statistics(network).items():
        np.testing.assert_array_equal(value, before[path])
    _check_folding(network, _check_export(network, preprocessing, files[0], tmp_path))


def _statistics(network: Network) -> dict[str, np.ndarray]:
    """Moving means and variances of the backbone."""
    return {
        weight.path: weight.numpy().copy()
        for weight in network.body.weights
        if "moving_" in weight.path
    }


def _check_export(
    network: Network, preprocessing: Preprocessing, examples: Path, folder: Path
) -> tf.Tensor:
    export_network(network, preprocessing, LABELS, str(folder / "model"))
    [record] = tf.data.TFRecordDataset(str(examples)).take(1)
    contents = tf.train.Example.FromString(record.numpy()).features.feature[IMAGE]
    serve = tf.saved_model.load(str(folder / "model")).signatures["serving_default"]
    predictions = [serve(image_bytes=tf.constant(contents.bytes_list.value)) for _ in range(2)]
    np.testing.assert_array_equal(predictions[0]["scores"], predictions[1]["scores"])
    image = preprocessing({IMAGE: tf.constant(contents.bytes_list.value)})[IMAGE_XF]
    # In a graph, as the export runs it: eager rounding differs, which grows through hundreds of
    # layers of random weights until it decides the scores.
    scores = tf.nn.softmax(tf.function(network)(image))
    np.testing.assert_allclose(predictions[0]["scores"], scores, atol=1e-5)
    return image


def _check_folding(network: Network, image: tf.Tensor) -> None:
    """Folded, as exported, it computes what Keras' own layers do, but for rounding."""
    whole, folded = tf.function(network.body), tf.function(network.for_serving().body)
    expected = whole(image, training=False).numpy()
    # An image that is rounded differently shows how far errors grow: the deeper the network, the
    # further, and most without pretrained weights.
    rounding = np.abs(whole(image * (1 + 3e-7), training=False) - expected).max()
    np.testing.assert_allclose(folded(image, training=False), expected, rtol=0, atol=10 * rounding)
