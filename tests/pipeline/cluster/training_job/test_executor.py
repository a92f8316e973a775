"""The Trainer node on two pods, which are real processes, compared with one in its own pod."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.errors import UserError
from pipeline.cluster.training_job.spec import TRAINING_JOB
from tests.fakes.kubernetes.cluster import FakeCluster
from tests.fakes.kubernetes.trainer_node import Node, write_inputs
from tests.pipeline.cluster.training_job.conftest import training_job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.long(13)]


@dataclass(frozen=True)
class Trained:
    """Two runs of the same node.

    Attributes:
        alone: In this process.
        on_pods: On two pods.
        first_error: Error of the first attempt.
        cluster: Where it ran.
        messages: Log messages.
    """

    alone: Node
    on_pods: Node
    first_error: UserError
    cluster: FakeCluster
    messages: list[str]


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Trains; one pod is killed after the first epoch, and the task is retried."""
    folder = tmp_path_factory.mktemp("training")
    write_inputs(folder)
    alone, first, on_pods = Node(folder, "alone"), Node(folder, "pods"), Node(folder, "pods", 2)
    alone.train()
    cluster, log = FakeCluster(folder), _Messages()
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(cluster.kubeconfig()))
        patch.setenv(TRAINING_JOB, training_job())
        try:
            killer = threading.Thread(target=_kill_a_pod, args=(cluster, first), daemon=True)
            killer.start()
            with pytest.raises(UserError) as first_error:
                first.train()
            on_pods.train()
        finally:
            root.removeHandler(log)
            root.setLevel(level)
            cluster.close()
    yield Trained(alone, on_pods, first_error.value, cluster, log.messages)


def _kill_a_pod(cluster: FakeCluster, node: Node) -> None:
    """Kills the second pod once the state of the training has been saved."""
    while not node.checkpoints or node.checkpoints[0].endswith(".new"):
        time.sleep(0.01)
    process = cluster.pods[1].process
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)


def _variables(node: Node) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(node.model / "variables" / "variables"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("network")]
    return {name: reader.get_tensor(name) for name in names}


def test_two_pods_train_the_same_model_as_one(trained: Trained) -> None:
    expected, result = _variables(trained.alone), _variables(trained.on_pods)
    assert expected.keys() == result.keys() and len(expected) > 10
    for name, value in expected.items():
        # Sums of floats in another order; float32 has seven digits.
        np.testing.assert_allclose(result[name], value, 1e-4, 1e-5, err_msg=name)


def test_both_pods_trained(trained: Trained) -> None:
    logs = [file.read_text() for file in sorted(trained.cluster.folder.glob("*-worker-?.log"))]
    assert len(logs) == 2
    for log in logs:
        assert "group_size = 2" in log
        # Neither exited while the other still had something to do.
        assert "heartbeat timeout" not in log


def test_a_killed_pod_fails_the_task(trained: Trained) -> None:
    assert "-worker-1 of the training job failed (Error, exit code 137)" in str(trained.first_error)
    assert "resumes after the last epoch that was saved" in str(trained.first_error.hint)


def test_the_next_attempt_resumes_after_the_last_epoch(trained: Trained) -> None:
    resumed = [line for line in trained.messages if "an interrupted training resumes after" in line]
    assert resumed and trained.on_pods.checkpoints == []


def test_every_attempt_deletes_its_job(trained: Trained) -> None:
    cluster = trained.cluster
    first, second = (manifest["metadata"]["name"] for manifest in cluster.submitted)
    assert first == second and first.startswith("train-tiny-digits-")
    assert cluster.resources == {} and cluster.pods == []


def test_the_chiefs_log_is_shown_while_it_trains(trained: Trained) -> None:
    lines = trained.messages
    epoch = next(n for n, line in enumerate(lines) if "epoch 3/3, validation accuracy" in line)
    deleted = max(n for n, line in enumerate(lines) if "2 of 2 pods run" in line)
    assert deleted < epoch
    assert any("exporting" in line for line in lines[epoch:])


def test_only_the_model_run_is_left(trained: Trained) -> None:
    call = "training_call.json"
    left = {file.name for file in trained.alone.model_run.iterdir()}
    assert {file.name for file in trained.on_pods.model_run.iterdir()} == {*left, call}
    # It has no secrets, and documents how the model was trained.
    assert "trainer.task.run_fn" in (trained.on_pods.model_run / call).read_text()


def test_a_trainjob_trains_the_same_model(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = FakeCluster(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig()))
    monkeypatch.setenv(TRAINING_JOB, training_job(kind="TrainJob"))
    node = Node(trained.alone.folder, "on-a-trainjob")
    try:
        node.train()
    finally:
        cluster.close()
    for name, value in _variables(trained.alone).items():
        np.testing.assert_allclose(_variables(node)[name], value, 1e-4, 1e-5, err_msg=name)
