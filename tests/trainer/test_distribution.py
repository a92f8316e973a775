"""Several devices and several machines train what one device trains."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.conftest import write_examples
from trainer.distributed_model import DistributedModel
from trainer.distribution import (
    DistributionError,
    build_strategy,
    count_workers,
    is_chief,
)

WORKER = Path(__file__).with_name("distributed_worker.py")
REPOSITORY = Path(__file__).parents[2]
# Sums of floats in another order; float32 has seven digits.
RELATIVE, ABSOLUTE = 1e-4, 1e-5
TWO_WORKERS = {
    "cluster": {"worker": ["localhost:2222", "localhost:2223"]},
    "task": {"type": "worker", "index": 0},
}

Result = dict[str, Any]


class Workers:
    """Worker processes; each writes its result to a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[tuple[subprocess.Popen[str], Path]] = []

    def start(self, task: str, strategies: str, tf_config: dict | None = None) -> None:
        result = self._folder / f"{len(self._processes)}.json"
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "CUDA_VISIBLE_DEVICES": "-1"}
        env.pop("TF_CONFIG", None)
        if tf_config is not None:
            env["TF_CONFIG"] = json.dumps(tf_config)
        process = subprocess.Popen(
            [sys.executable, str(WORKER), task, strategies, str(self._folder), str(result)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._processes.append((process, result))

    def wait(self) -> list[Result | int]:
        """What each wrote, or its exit code where it failed."""
        results: list[Result | int] = []
        for process, file in self._processes:
            output, _ = process.communicate(timeout=300)
            if process.returncode:
                print(output)
            results.append(process.returncode or json.loads(file.read_text()))
        return results

    def kill(self) -> None:
        for process, _ in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The same training on one device, on two of one machine, and on two workers."""
    folder = tmp_path_factory.mktemp("distribution")
    write_examples(folder / "train.tfrecord", 37, seed=1)
    # One more than four batches of the evaluation: the last one leaves a device without any.
    write_examples(folder / "validation.tfrecord", 129, seed=2)
    addresses = _free_addresses()
    workers = Workers(folder)
    try:
        workers.start("train", "one_device,mirrored")
        for index in range(2):
            task = {"type": "worker", "index": index}
            workers.start("train", "auto", {"cluster": {"worker": addresses}, "task": task})
        results = workers.wait()
    finally:
        workers.kill()
    one, first, second = (result for result in results if not isinstance(result, int))
    return {**one, "worker 0": first["auto"], "worker 1": second["auto"]}


def test_strategies_take_what_there_is(trained: dict[str, Result]) -> None:
    assert {name: result["replicas"] for name, result in trained.items()} == {
        "one_device": 1,
        "mirrored": 2,
        "worker 0": 2,
        "worker 1": 2,
    }


def test_one_process_writes(trained: dict[str, Result]) -> None:
    chiefs = [name for name, result in trained.items() if result["is_chief"]]
    assert chiefs == ["one_device", "mirrored", "worker 0"]


def test_workers_notice_that_they_differ(trained: dict[str, Result]) -> None:
    assert {name: result["finds_same"] for name, result in trained.items()} == {
        "one_device": [True, True],
        "mirrored": [True, True],
        "worker 0": [True, False],
        "worker 1": [True, False],
    }


@pytest.mark.parametrize("name", ["mirrored", "worker 0", "worker 1"])
def test_training_gives_the_result_of_one_device(trained: dict[str, Result], name: str) -> None:
    expected, result = trained["one_device"], trained[name]
    # Both stages have changed the weights that are compared.
    assert min(expected["best_epochs"]) > 0
    assert result["best_epochs"] == expected["best_epochs"]
    for one, other in zip(expected["weights"], result["weights"], strict=True):
        np.testing.assert_allclose(other, one, RELATIVE, ABSOLUTE)
    for stage, other_stage in zip(expected["history"], result["history"], strict=True):
        assert stage.keys() == other_stage.keys()
        for metric in stage:
            np.testing.assert_allclose(other_stage[metric], stage[metric], RELATIVE, ABSOLUTE)


def test_workers_have_the_same_result(trained: dict[str, Result]) -> None:
    first, second = trained["worker 0"], trained["worker 1"]
    assert first["weights"] == second["weights"]
    assert first["history"] == second["history"]


@pytest.mark.parametrize("name", ["one_device", "mirrored", "worker 0", "worker 1"])
def test_all_devices_skip_a_step_that_overflows_on_one(
    trained: dict[str, Result], name: str
) -> None:
    result = trained[name]["overflow"]
    assert result["after_overflow"] == [[1, 1], [1, 1]]
    assert np.isfinite(result["after_step"]).all()
    assert result["after_step"] != result["after_overflow"]
    assert result["scale"] == 2**14


@pytest.mark.slow
def test_a_lost_worker_ends_the_training_of_the_others(tmp_path: Path) -> None:
    chief, worker = _free_addresses()
    workers = Workers(tmp_path)
    try:
        for kind in ("chief", "worker"):
            cluster = {"chief": [chief], "worker": [worker]}
            workers.start("lose", "auto", {"cluster": cluster, "task": {"type": kind, "index": 0}})
        told, exit_code = workers.wait()
    finally:
        workers.kill()
    assert exit_code == 9
    assert isinstance(told, dict)
    told = told["auto"]
    assert told["message"] == "another worker of this training is gone, or cannot be reached"
    assert "goes on after the last epoch that was saved" in told["hint"]


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
def test_tells_what_is_wrong_with_tf_config(tf_config: str, problem: str) -> None:
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


def _free_addresses() -> list[str]:
    """Two of this machine."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("localhost", 0))
    addresses = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses
