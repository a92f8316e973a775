"""The head computes what its settings say, and one logit is a case of two."""

from typing import Any

import keras
import numpy as np
import pytest

from trainer.network.head import build_head
from trainer.network.settings import ModelSettings
from trainer.stages.optimizer import build_loss

FEATURES = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)


def _head(classes: int = 3, **settings: Any) -> keras.Sequential:
    keras.utils.set_random_seed(1)
    return build_head(ModelSettings(weights="none", **settings), 8, classes)


def test_default_head_is_dropout_and_logits() -> None:
    head = _head()
    assert [layer.name for layer in head.layers] == ["dropout", "logits"]
    assert head(FEATURES).shape == (6, 3)
    assert head.get_layer("dropout").rate == 0.2


def test_batch_norm_and_hidden_layers_come_before_the_logits() -> None:
    head = _head(batch_norm=True, hidden_units=(16, 4), dropout=0.5)
    names = [layer.name for layer in head.layers]
    assert names == ["batch_norm", "hidden_1", "hidden_2", "dropout", "logits"]
    assert [head.get_layer(f"hidden_{n}").units for n in (1, 2)] == [16, 4]
    assert head(FEATURES).shape == (6, 3)


def test_sigmoid_gives_the_probabilities_of_one_logit() -> None:
    head = _head(classes=2, activation="sigmoid", dropout=0)
    kernel, bias = head.get_layer("logits").get_weights()
    assert kernel.shape == (8, 1)
    expected = 1 / (1 + np.exp(-(FEATURES @ kernel + bias)))[:, 0]
    scores = keras.ops.softmax(head(FEATURES)).numpy()
    np.testing.assert_allclose(scores[:, 1], expected, rtol=1e-5)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)


def test_sigmoid_minimizes_binary_cross_entropy() -> None:
    head = _head(classes=2, activation="sigmoid", dropout=0)
    labels = np.array([0, 1, 1, 0, 1, 0])
    ours = build_loss()(np.eye(2)[labels], head(FEATURES))
    logit = head(FEATURES)[:, 1:]
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)(labels[:, None], logit)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_label_smoothing_is_spread_over_all_classes(smoothing: float) -> None:
    logits = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    labels = np.eye(3)[[0, 2, 1, 1]].astype(np.float32)
    log_scores = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -((labels * (1 - smoothing) + smoothing / 3) * log_scores).sum(axis=1).mean()
    np.testing.assert_allclose(build_loss(smoothing)(labels, logits), expected, rtol=1e-5)
