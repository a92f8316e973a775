"""Layers are frozen as configured; both parts of a split network compute what the whole does."""

import keras
import numpy as np
import pytest

from components.errors import UserError
from trainer.network.backbones import build_backbone
from trainer.network.freezing import (
    NetworkParts,
    find_feature_layer,
    find_first_trainable,
    freeze_below,
    split_network,
)


@pytest.fixture(scope="module")
def backbone() -> keras.Model:
    return build_backbone("MobileNetV2", 32, 0.35)


@pytest.mark.parametrize(
    ("freeze", "index"),
    [("all", 154), ("none", 0), (100, 100), (-1, 153), (0.5, 77), ("block_13_expand", 116)],
)
def test_first_trainable_layer(backbone: keras.Model, freeze: str | int, index: int) -> None:
    assert find_first_trainable(backbone, freeze) == index


def test_unknown_layer_is_named_with_close_ones(backbone: keras.Model) -> None:
    with pytest.raises(UserError, match="has no layer 'block_13_expnd'.*block_13_expand"):
        find_first_trainable(backbone, "block_13_expnd")


def test_index_beyond_the_last_layer_says_what_is_allowed(backbone: keras.Model) -> None:
    with pytest.raises(UserError, match="received 999.*154 layers.*-154 to 154"):
        find_first_trainable(backbone, 999)


def _split(network: keras.Model, first_trainable: int) -> NetworkParts:
    return split_network(network, find_feature_layer(network, first_trainable))


@pytest.mark.parametrize("freeze", [1, 60, 100, "block_13_expand", -1])
def test_parts_equal_the_whole(backbone: keras.Model, freeze: str | int) -> None:
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    parts = _split(backbone, find_first_trainable(backbone, freeze))
    features = images if parts.frozen is None else parts.frozen(images, training=False)
    assert parts.trained is not None
    np.testing.assert_array_equal(
        parts.trained(features, training=False), backbone(images, training=False)
    )


@pytest.mark.parametrize("freeze", [60, 100, "block_13_expand", "Conv_1"])
def test_the_frozen_part_has_nothing_trainable(backbone: keras.Model, freeze: str | int) -> None:
    first = find_first_trainable(backbone, freeze)
    freeze_below(backbone, first)
    parts = _split(backbone, first)
    assert parts.frozen is not None and parts.trained is not None
    assert parts.frozen.trainable_variables == []
    assert len(parts.trained.trainable_variables) == len(backbone.trainable_variables) > 0


def test_a_residual_block_is_not_split(backbone: keras.Model) -> None:
    # Index 100 is inside block 11, whose input is also added to its output.
    parts = _split(backbone, 100)
    assert parts.frozen is not None
    assert parts.frozen.layers[-1].name == "block_10_add" or parts.frozen.layers[
        -1
    ].name.startswith("block_10_project")


def test_a_block_whose_sum_is_not_a_layer_is_not_split() -> None:
    # As in ConvNeXt's residual blocks.
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(4, name="stem")(inputs)
    for number in range(3):
        branch = keras.layers.Dense(4, name=f"dense_{number}")(outputs)
        outputs = outputs + keras.layers.ReLU(name=f"relu_{number}")(branch)
    network = keras.Model(inputs, keras.layers.Dense(2, name="top")(outputs))
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    expected = network(rows)
    feature_layers = {}
    for first in ("relu_0", "dense_1", "top"):
        parts = _split(network, find_first_trainable(network, first))
        assert parts.frozen is not None and parts.trained is not None
        feature_layers[first] = parts.frozen.layers[-1].name
        np.testing.assert_allclose(parts.trained(parts.frozen(rows)), expected, rtol=1e-6)
    assert feature_layers == {"relu_0": "stem", "dense_1": "stem", "top": "stem"}
