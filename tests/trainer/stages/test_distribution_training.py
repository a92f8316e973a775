"""Several devices and several machines train what one device trains."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.servers.addresses import free_addresses
from tests.repository import REPOSITORY
from tests.trainer.conftest import write_examples

# Processes that import TensorFlow and train.
pytestmark = [pytest.mark.slow, pytest.mark.long(18)]

WORKER = REPOSITORY / "tests/fakes/processes/distributed_worker.py"
# Sums of floats in another order; float32 has seven digits.
RELATIVE, ABSOLUTE = 1e-4, 1e-5

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
    addresses = free_addresses(2)
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


def test_a_lost_worker_ends_the_training_of_the_others(tmp_path: Path) -> None:
    chief, worker = free_addresses(2)
    workers = Workers(tmp_path)
    try:
        for kind in ("chief", "worker"):
            cluster = {"chief": [chief], "worker": [worker]}
            workers.start("lose", "auto", {"cluster": cluster, "task": {"type": kind, "index": 0}})
        result, exit_code = workers.wait()
    finally:
        workers.kill()
    assert exit_code == 9
    assert isinstance(result, dict)
    error = result["auto"]
    assert error["message"] == "another worker of this training is lost or cannot be reached"
    assert "training resumes after the last saved epoch" in error["hint"]
