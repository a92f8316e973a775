"""16 bits where a GPU is made for them, 32 elsewhere."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.network.head import build_head
from trainer.network.precision import choose_policy, choose_precision, precision
from trainer.network.settings import ModelSettings
from trainer.stages.distributed_model import DistributedModel

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


@pytest.mark.parametrize(
    ("gpus", "policy"),
    [
        pytest.param([], "float32", id="CPU"),
        pytest.param([(0, 0)], "float32", id="not NVIDIA"),
        pytest.param([(6, 0)], "float32", id="P100"),
        pytest.param([(7, 0)], "mixed_float16", id="V100"),
        pytest.param([(7, 5)], "mixed_float16", id="T4"),
        pytest.param([(8, 0)], "mixed_bfloat16", id="A100"),
        pytest.param([(8, 9)], "mixed_bfloat16", id="L4"),
        pytest.param([(9, 0)] * 8, "mixed_bfloat16", id="8 x H100"),
        pytest.param([(10, 0)], "mixed_bfloat16", id="B200"),
        pytest.param([(9, 0), (7, 5)], "mixed_float16", id="H100 and T4"),
        pytest.param([(9, 0), (6, 1)], "float32", id="H100 and GTX 1080"),
    ],
)
def test_policy_of_each_gpu(gpus: list[tuple[int, int]], policy: str) -> None:
    assert choose_policy(gpus) == policy


@pytest.mark.parametrize(
    ("setting", "policy"),
    [("off", "float32"), ("bfloat16", "mixed_bfloat16"), ("float16", "mixed_float16")],
)
def test_a_named_precision_is_used(setting: Any, policy: str) -> None:
    assert choose_precision(setting) == policy


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_auto_is_float32_on_a_cpu() -> None:
    assert choose_precision("auto") == "float32"


def test_policy_applies_inside_the_context() -> None:
    before = keras.config.dtype_policy()
    with precision("mixed_bfloat16"):
        layer = keras.layers.Dense(2)
    assert keras.config.dtype_policy() == before
    assert layer.dtype_policy.name == "mixed_bfloat16"


def test_policy_ends_with_an_error() -> None:
    before = keras.config.dtype_policy()
    with pytest.raises(RuntimeError, match="broken"), precision("mixed_float16"):
        raise RuntimeError("broken")
    assert keras.config.dtype_policy() == before


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("policy", POLICIES)
def test_weights_and_logits_are_float32(policy: str, activation: Any) -> None:
    with precision(policy):
        head = build_head(ModelSettings(activation=activation, hidden_units=(4,)), 3, 2)
    assert head(np.ones((1, 3), np.float32)).dtype == tf.float32
    assert {weight.dtype for weight in head.weights} == {"float32"}
    assert head.get_layer("hidden_1").compute_dtype == policy.removeprefix("mixed_")


@pytest.mark.parametrize("policy", POLICIES)
def test_only_float16_scales_its_loss(policy: str) -> None:
    with precision(policy):
        inputs = keras.Input((2,))
        model = DistributedModel(inputs, keras.layers.Dense(2, dtype="float32")(inputs))
    model.compile(keras.optimizers.SGD(), loss="mse", jit_compile=False)
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (policy == "mixed_float16")
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    model.compile(scaled, loss="mse", jit_compile=False)
    assert model.optimizer is scaled
    model.compile(None, loss="mse", jit_compile=False)
    assert model.optimizer is None
