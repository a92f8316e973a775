"""A training starts from an earlier model's weights, with classes matched by name."""

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.trainer.conftest import LABELS
from trainer.export import export_network
from trainer.network.network import Network
from trainer.warm_start import warm_start


class Identity(keras.Layer):
    """Stands in for the Transform graph."""

    def call(self, features: dict[str, Any]) -> dict[str, Any]:
        return {"image_xf": keras.ops.zeros((1, 32, 32, 3))}


@pytest.fixture
def exported(network: Network, tmp_path: Path) -> Path:
    """A model with weights of its own, exported."""
    random = np.random.default_rng(5)
    for weight in network.weights:
        weight.assign(random.normal(size=weight.shape))
    return export(network, tmp_path)


def export(network: Network, tmp_path: Path) -> Path:
    folder = tmp_path / "model" / "7" / "Format-Serving"
    export_network(network, Identity(), LABELS, str(folder))
    return folder


def test_weights_are_loaded(exported: Path, network: Network, make_network: Any) -> None:
    fresh = make_network()
    assert warm_start(fresh, LABELS, str(exported)).note == (
        "warm start from model 7, which knows 2 of 2 classes"
    )
    for ours, theirs in zip(fresh.weights, network.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_model_without_weights_beside_it_is_not_used(exported: Path, make_network: Any) -> None:
    shutil.rmtree(exported.parent / "Weights")
    assert warm_start(make_network(), LABELS, str(exported)).note == (
        "warm start: model 7 has no weights beside it; training starts without it"
    )


def test_classes_are_matched_by_name(exported: Path, network: Network, make_network: Any) -> None:
    fresh = make_network()
    before = fresh.head.weights[0].numpy().copy()
    note = warm_start(fresh, ("green", "blue"), str(exported)).note
    assert note.endswith("which knows 1 of 2 classes")
    kernel = fresh.head.weights[0].numpy()
    np.testing.assert_array_equal(kernel[:, 0], before[:, 0])
    np.testing.assert_array_equal(kernel[:, 1], network.head.weights[0].numpy()[:, 0])


def test_more_classes_than_before(exported: Path, network: Network, make_network: Any) -> None:
    small = make_network()
    head = keras.Sequential([keras.Input((16,)), keras.layers.Dense(3)], name="head")
    fresh = Network(small.body, head, "tf")
    warm_start(fresh, ("blue", "green", "red"), str(exported))
    bias = head.weights[1].numpy()
    np.testing.assert_array_equal(bias[[0, 2]], network.head.weights[1].numpy())
    assert bias[1] == 0


def test_normalization_layers_compute_with_the_loaded_weights(
    make_network: Any, tmp_path: Path
) -> None:
    def build() -> Network:
        small = make_network()
        inputs = keras.Input((32, 32, 3))
        normalized = keras.layers.Normalization()(inputs)
        return Network(keras.Model(inputs, small.body(normalized)), small.head, "raw")

    old, fresh = build(), build()
    images = np.random.default_rng(2).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    old.body.layers[1].adapt(images)
    assert (fresh(images).numpy() != old(images).numpy()).any()
    warm_start(fresh, LABELS, str(export(old, tmp_path)))
    np.testing.assert_array_equal(fresh(images), old(images))


def test_a_head_on_other_features_is_not_used(exported: Path, make_network: Any) -> None:
    # As pooling `flatten` gives them instead of `avg`: the head's first weight has more rows.
    small = make_network()
    flat = keras.layers.Flatten()(small.body.get_layer("relu_2").output)
    head = keras.Sequential([keras.Input((flat.shape[-1],)), keras.layers.Dense(2)])
    fresh = Network(keras.Model(small.body.inputs[0], flat), head, "tf")
    assert warm_start(fresh, LABELS, str(exported)).note == (
        "warm start: model 7 has a head for 16 features, not 256; training starts without it"
    )


@pytest.mark.parametrize(
    ("head", "mismatch"),
    [
        ([keras.layers.Dense(4), keras.layers.Dense(2)], "another backbone or head"),
        ([keras.layers.Dense(1)], "another activation"),
    ],
    ids=["hidden", "sigmoid"],
)
def test_a_model_that_does_not_fit_is_not_used(
    exported: Path, make_network: Any, head: list[keras.Layer], mismatch: str
) -> None:
    small = make_network()
    fresh = Network(small.body, keras.Sequential([keras.Input((16,)), *head]), "tf")
    before = [weight.numpy().copy() for weight in fresh.weights]
    assert warm_start(fresh, LABELS, str(exported)).note == (
        f"warm start: model 7 has {mismatch}; training starts without it"
    )
    for ours, theirs in zip(fresh.weights, before, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)
