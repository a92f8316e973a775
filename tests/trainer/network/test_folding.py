"""A folded network computes what the whole one does, forwards and backwards."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.network.backbones import build_backbone
from trainer.network.folding import FoldedConvolution, InferenceMode, fold_batch_norm
from trainer.network.freezing import split_network

SIZE = 16
LAYERS = keras.layers


def _norm(**options: object) -> keras.layers.BatchNormalization:
    random = keras.initializers.RandomUniform
    return LAYERS.BatchNormalization(
        beta_initializer=random(-1, 1, seed=1),
        gamma_initializer=random(0.5, 2, seed=2),
        moving_mean_initializer=random(-1, 1, seed=3),
        moving_variance_initializer=random(0.1, 2, seed=4),
        **options,
    )


def _build(*layers: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(5)
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), *layers])


def _functional(*layers: keras.layers.Layer) -> keras.Model:
    model = _build(*layers)
    return keras.Model(model.inputs[0], model.outputs[0])


def _images() -> np.ndarray:
    return np.random.default_rng(6).uniform(-1, 1, (4, SIZE, SIZE, 3)).astype(np.float32)


def _count(model: keras.Model) -> int:
    return sum(isinstance(layer, FoldedConvolution) for layer in model.layers)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LAYERS.Conv2D(6, 3, 2, "same"),
        lambda: LAYERS.Conv2D(6, 3, use_bias=False, dilation_rate=2),
        lambda: LAYERS.Conv2D(6, 3, groups=3, padding="same"),
        lambda: LAYERS.DepthwiseConv2D(3, 2, "valid", depth_multiplier=2),
        lambda: LAYERS.DepthwiseConv2D(3, use_bias=False, padding="same"),
        lambda: LAYERS.SeparableConv2D(6, 3, 2, "same", depth_multiplier=2),
    ],
    ids=["strided", "dilated", "grouped", "depthwise", "depthwise without bias", "separable"],
)
@pytest.mark.parametrize("norm", [{}, {"scale": False}, {"center": False}], ids=str)
def test_each_kind_of_convolution(
    make: Callable[[], keras.layers.Layer], norm: dict[str, bool]
) -> None:
    convolution = make()
    if convolution.use_bias:
        convolution.bias_initializer = keras.initializers.RandomUniform(-1, 1, seed=7)
    model = _functional(convolution, _norm(**norm), LAYERS.ReLU(6.0))
    expected = model(_images(), training=False)
    for is_final in (False, True):
        folded = fold_batch_norm(model, is_final=is_final)
        assert len(folded.layers) == len(model.layers) - 1
        np.testing.assert_allclose(
            folded(_images(), training=False), expected, rtol=1e-4, atol=1e-5
        )


def test_weights_are_shared_and_followed() -> None:
    model = _functional(LAYERS.Conv2D(4, 3), _norm())
    folded = fold_batch_norm(model)
    assert {id(w) for w in folded.weights} == {id(w) for w in model.weights}
    before = folded(_images(), training=False).numpy()
    model.layers[1].kernel.assign(model.layers[1].kernel * 2)
    after = folded(_images(), training=False)
    np.testing.assert_allclose(after, model(_images(), training=False), rtol=1e-4, atol=1e-5)
    assert not np.allclose(after, before)


def test_final_weights_are_fewer_and_stay_as_they_are() -> None:
    model = _functional(LAYERS.Conv2D(4, 3), _norm(), LAYERS.Flatten(), LAYERS.Dense(2))
    final = fold_batch_norm(model, is_final=True)
    assert [tuple(w.shape) for w in final.weights] == [
        (3, 3, 3, 4), (4,), *(tuple(w.shape) for w in model.layers[-1].weights)
    ]  # fmt: skip
    before = final(_images(), training=False).numpy()
    model.layers[1].kernel.assign(model.layers[1].kernel * 2)
    np.testing.assert_array_equal(final(_images(), training=False), before)


def test_gradients_are_those_of_the_whole() -> None:
    model = _functional(
        LAYERS.Conv2D(6, 3, 2), _norm(), LAYERS.ReLU(), LAYERS.DepthwiseConv2D(3), _norm()
    )
    folded = fold_batch_norm(model)
    gradients = []
    for one in (model, folded):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(one(_images(), training=False) ** 2)
        gradients.append(tape.gradient(loss, [v.value for v in model.trainable_variables]))
    for expected, gradient in zip(*gradients, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "layers",
    [
        lambda: (LAYERS.Conv2D(4, 3, activation="relu"), _norm()),
        lambda: (LAYERS.Conv2D(4, 3), _norm(axis=1)),
        lambda: (LAYERS.Conv2D(4, 3, dtype="mixed_float16"), _norm(dtype="mixed_float16")),
        lambda: (_norm(), LAYERS.Conv2D(4, 3)),
    ],
    ids=["an activation between", "another axis", "16 bits", "BatchNorm first"],
)
def test_what_cannot_be_folded_stays(layers: Callable[[], tuple[keras.layers.Layer, ...]]) -> None:
    model = _functional(*layers())
    assert fold_batch_norm(model) is model


def test_a_convolution_that_something_else_reads_too_stays() -> None:
    inputs = keras.Input((SIZE, SIZE, 3))
    convolution = LAYERS.Conv2D(4, 3)(inputs)
    model = keras.Model(inputs, LAYERS.Add()([convolution, _norm()(convolution)]))
    assert fold_batch_norm(model) is model


def test_parts_that_are_split_between_convolution_and_norm() -> None:
    model = _functional(LAYERS.Conv2D(6, 3), _norm(), LAYERS.Conv2D(6, 3), _norm())
    parts = split_network(model, 1)
    assert parts.frozen is not None and parts.trained is not None
    assert (_count(fold_batch_norm(parts.frozen)), _count(fold_batch_norm(parts.trained))) == (0, 1)
    features = fold_batch_norm(parts.frozen)(_images(), training=False)
    outputs = fold_batch_norm(parts.trained)(features, training=False)
    expected = model(_images(), training=False)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_all_of_a_backbone_is_folded_and_nothing_frozen_is_trained() -> None:
    backbone = build_backbone("MobileNetV2", 32, 0.35)
    folded = InferenceMode(backbone).part
    assert _count(folded) == 52
    assert not any(isinstance(one, LAYERS.BatchNormalization) for one in folded.layers)
    for layer in backbone.layers[:100]:
        layer.trainable = False
    trainable = {id(variable) for variable in backbone.trainable_variables}
    assert {id(variable) for variable in folded.trainable_variables} == trainable
