"""The settings and the environment choose the devices and machines that train."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.stages.distributed_model import DistributedModel
from trainer.stages.distribution import (
    DistributionError,
    build_strategy,
    count_workers,
    is_chief,
)

TWO_WORKERS = {
    "cluster": {"worker": ["localhost:2222", "localhost:2223"]},
    "task": {"type": "worker", "index": 0},
}


@pytest.mark.parametrize("strategy", ["auto", "one_device", "mirrored"])
def test_one_worker_needs_no_others(monkeypatch: pytest.MonkeyPatch, strategy: Any) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    built = build_strategy(strategy)
    gpus = len(tf.config.list_physical_devices("GPU"))
    assert built.num_replicas_in_sync == (1 if strategy == "one_device" else max(1, gpus))
    assert is_chief(built)


def test_a_cluster_of_one_is_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    assert not isinstance(build_strategy("auto"), tf.distribute.MultiWorkerMirroredStrategy)
    with pytest.raises(DistributionError, match="TF_CONFIG names only one worker"):
        build_strategy("multi_worker")


def test_multi_worker_needs_tf_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(DistributionError) as caught:
        build_strategy("multi_worker")
    assert caught.value.message == (
        "trainer.distribution: multi_worker needs several workers, and the environment variable "
        "TF_CONFIG is not set"
    )
    assert caught.value.hint is not None
    assert '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]}' in caught.value.hint
    assert "set trainer.distribution to auto" in caught.value.hint


def test_workers_connect_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tf.constant(0)
    monkeypatch.setenv("TF_CONFIG", json.dumps(TWO_WORKERS))
    with pytest.raises(DistributionError) as caught:
        build_strategy("auto")
    assert "this process has used TensorFlow before it could connect" in caught.value.message
    assert "in a process of its own" in str(caught.value.hint)


def test_one_device_ignores_tf_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{")
    assert build_strategy("one_device").num_replicas_in_sync == 1


@pytest.mark.parametrize(
    ("tf_config", "workers"),
    [
        ("", 0),
        ("{}", 0),
        ('{"cluster": {}}', 0),
        (json.dumps(TWO_WORKERS), 2),
        (json.dumps({**TWO_WORKERS, "environment": "cloud"}), 2),
        (
            '{"cluster": {"chief": ["[::1]:1"], "worker": ["b:2"]}, '
            '"task": {"type": "worker", "index": "0"}}',
            2,
        ),
    ],
)
def test_counts_workers(tf_config: str, workers: int) -> None:
    assert count_workers(tf_config) == workers


def _changed(path: str, value: Any) -> str:
    *parents, last = path.split(".")
    config = json.loads(json.dumps(TWO_WORKERS))
    inner = config
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    return json.dumps(config)


@pytest.mark.parametrize(
    ("tf_config", "problem"),
    [
        ("{cluster", "is not JSON: "),
        ("[]", "needs an object with `cluster`, and in it a list for each kind of task"),
        (_changed("cluster", []), "needs an object with `cluster`"),
        (_changed("cluster.ps", ["a:1"]), "names tasks of the kind 'ps'; allowed: `worker`, `chi"),
        (_changed("cluster.worker", "a:1"), "needs a list of host:port under 'worker'; it has 'a:"),
        (_changed("cluster.worker", ["a"]), "needs a list of host:port under 'worker'; it has ['a"),
        (_changed("cluster.worker", ["a:0", "b:1"]), "needs a list of host:port under 'worker'"),
        (_changed("task", None), "needs a `task` whose `type` is one of worker; it has None"),
        (_changed("task.type", "chief"), "needs a `task` whose `type` is one of worker; it has {"),
        (_changed("task.index", 2), "needs a `task` whose `index` is from 0 to 1; it has 2"),
        (_changed("task.index", "x"), "needs a `task` whose `index` is from 0 to 1; it has x"),
    ],
)
def test_a_malformed_tf_config_is_an_error(tf_config: str, problem: str) -> None:
    with pytest.raises(DistributionError) as caught:
        count_workers(tf_config)
    assert f"the environment variable TF_CONFIG {problem}" in caught.value.message
    assert "Set TF_CONFIG on each worker to JSON of this form" in str(caught.value.hint)


def test_on_one_device_it_is_a_keras_model() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(22, 4)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[random.integers(0, 3, 22)]
    weights = random.uniform(0.5, 2, 22).astype(np.float32)
    batches = tf.data.Dataset.from_tensor_slices((rows, labels, weights)).batch(8)
    [expected, result] = [_fit(build, batches) for build in (keras.Model, DistributedModel)]
    for one, other in zip(expected, result, strict=True):
        np.testing.assert_array_equal(one, other)


def _fit(build: Callable[..., keras.Model], batches: tf.data.Dataset) -> list[np.ndarray]:
    keras.utils.set_random_seed(5)
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(3)(keras.layers.Dropout(0.3)(inputs))
    model = build(inputs, outputs)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss=loss, jit_compile=False)
    losses = [model.fit(batches, verbose=0).history["loss"] for _ in range(2)]
    evaluated = model.evaluate(batches, verbose=0)
    return [*losses, evaluated, *model.get_weights()]
