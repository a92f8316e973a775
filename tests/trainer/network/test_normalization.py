"""An EfficientNet computes what Keras' own computes, wherever its weights come from."""

import gc
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet

from trainer.network.network import Network, build_network
from trainer.network.settings import ModelSettings
from trainer.task import copy_in_float32

SIZE = 32
PUBLISHED = {"mean": [0.485, 0.456, 0.406], "variance": [0.229, 0.224, 0.225]}
SETTINGS = ModelSettings(backbone="EfficientNetB0", weights="imagenet")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like the one that Keras publishes: it holds deviations instead of variances."""
    keras.utils.set_random_seed(1)
    donor = keras.applications.EfficientNetB0(False, None, input_shape=(SIZE, SIZE, 3))
    _, normalization = donor.layers[1:3]
    for weight in normalization.weights[:2]:
        weight.assign(PUBLISHED[weight.name])
    file = tmp_path_factory.mktemp("weights") / "efficientnetb0_notop.weights.h5"
    donor.save_weights(file)
    return file


@pytest.fixture(scope="module")
def by_keras(published: Path) -> Iterator[keras.Model]:
    """Keras' own network with these weights, which are also what it finds for `imagenet`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efficientnet.file_utils, "get_file", lambda *_, **__: str(published))
        yield keras.applications.EfficientNetB0(False, "imagenet", input_shape=(SIZE, SIZE, 3))
    gc.collect()


def layer_output(model: keras.Model, layer: str) -> np.ndarray:
    """The output of a layer for two images."""
    images = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)
    return np.asarray(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))


def assert_same(network: Network, expected: keras.Model) -> None:
    """Compares what the first convolution reads, and what comes out at the end."""
    for layer in ("stem_conv_pad", "top_activation"):
        wanted, computed = layer_output(expected, layer), layer_output(network.body, layer)
        scale = wanted.std()
        np.testing.assert_allclose(computed / scale, wanted / scale, atol=1e-4)


def test_imagenet_weights_compute_what_keras_does(by_keras: keras.Model) -> None:
    # The images are scaled to deviations of about one.
    assert layer_output(by_keras, "stem_conv_pad").std() > 1
    network = build_network(SETTINGS, SIZE, 2)
    assert_same(network, by_keras)
    assert_same(copy_in_float32(network, SETTINGS, SIZE, 2), by_keras)


@pytest.mark.parametrize("saved_by", ["published", "keras"])
def test_a_file_of_the_published_weights_does_too(
    published: Path, by_keras: keras.Model, tmp_path: Path, saved_by: str
) -> None:
    file = published
    if saved_by == "keras":
        by_keras.save_weights(file := tmp_path / "saved.weights.h5")
    settings = SETTINGS.model_copy(update={"weights": str(file)})
    assert_same(build_network(settings, SIZE, 2), by_keras)


def test_other_variances_are_left_alone(tmp_path: Path) -> None:
    donor = keras.applications.EfficientNetB0(False, None, input_shape=(SIZE, SIZE, 3))
    donor.layers[2].set_weights([np.full(3, 0.5), np.full(3, 0.04), np.array(7)])
    donor.layers[2].finalize_state()
    donor.save_weights(file := tmp_path / "own.weights.h5")
    settings = SETTINGS.model_copy(update={"weights": str(file)})
    assert_same(build_network(settings, SIZE, 2), donor)
