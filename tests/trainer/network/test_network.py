"""Which part of a backbone the head reads."""

import keras
import numpy as np
import pytest

from components.errors import UserError
from trainer.network.backbones import build_backbone
from trainer.network.network import build_network
from trainer.network.settings import ModelSettings

MOBILENET = {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "none"}


def test_pooling_is_a_choice() -> None:
    sizes = {
        pooling: build_network(ModelSettings(**MOBILENET, pooling=pooling), 64, 2).body.output_shape
        for pooling in ("avg", "max", "flatten")
    }
    assert sizes == {"avg": (None, 1280), "max": (None, 1280), "flatten": (None, 2 * 2 * 1280)}


def test_output_layer_cuts_the_backbone_off() -> None:
    body = build_network(ModelSettings(**MOBILENET, output_layer="block_4_add"), 64, 2).body
    assert [layer.name for layer in body.layers[-2:]] == ["block_4_add", "pooling"]
    whole = build_backbone("MobileNetV2", 64, 0.35)
    assert body.output_shape[1] == whole.get_layer("block_4_add").output.shape[-1]


def test_unknown_output_layer_names_close_ones() -> None:
    with pytest.raises(UserError, match="MobileNetV2 has no layer 'block_4_ad'") as error:
        build_network(ModelSettings(**MOBILENET, output_layer="block_4_ad"), 64, 2)
    assert "block_4_add" in str(error.value.hint)


def test_own_top_is_kept_but_for_its_last_layer() -> None:
    settings = ModelSettings(**MOBILENET, include_top=True)
    network = build_network(settings, 64, 3)
    # The backbone's own global average pooling; the 1,000 ImageNet logits are gone.
    assert isinstance(network.body.layers[-1], keras.layers.GlobalAveragePooling2D)
    assert network.body.output_shape == (None, 1280)
    images = np.zeros((2, 64, 64, 3), np.float32)
    assert network(images).shape == (2, 3)


@pytest.mark.slow  # 138 million parameters
def test_fully_connected_vgg_keeps_fc1_and_fc2() -> None:
    settings = ModelSettings(backbone="VGG16", weights="none", include_top=True)
    network = build_network(settings, 224, 2)
    assert [layer.name for layer in network.body.layers[-3:]] == ["flatten", "fc1", "fc2"]
    assert network.body.output_shape == (None, 4096)


def test_sigmoid_is_for_two_classes() -> None:
    with pytest.raises(UserError, match="sigmoid is for two classes; there are 3"):
        build_network(ModelSettings(**MOBILENET, activation="sigmoid"), 32, 3)
