"""Training on several GPUs or machines: `tf.distribute`, chosen by the config.

    strategy = build_strategy(settings.distribution)
    with strategy.scope():
        model = DistributedModel(inputs, outputs)
        model.compile(optimizer=..., loss=...)
    model.fit(batches)  # of the whole batch size; each device takes its share
    if is_chief(strategy):
        ...  # only one of the workers writes files

Each device computes the gradient of its share of a batch, and all of them make the same step with
the sum: the result is that of one device, but for the order in which floats are added. Two things
differ: dropout and random augmentation draw the same numbers for the first, second, ... example of
each device, and a BatchNorm in training mode needs `synchronized=True` to see the whole batch.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import tensorflow as tf

from components.errors import UserError
from components.progress import report_progress

WORKER_LOST = "another worker of this training is lost or cannot be reached"
"""Error of a worker that only lost the others: it is not the cause of the failure."""

_TF_CONFIG_FORM = (
    "Set TF_CONFIG on each worker to JSON of this form, with the same cluster everywhere and each "
    'worker\'s own index, from 0 on: {"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


class DistributionError(UserError):
    """The configured strategy is not available here, or a worker was lost."""


def build_strategy(
    name: Literal["auto", "one_device", "mirrored", "multi_worker"],
) -> tf.distribute.Strategy:
    """Builds the strategy; must be the process's first use of TensorFlow.

    `TF_CONFIG`, TensorFlow's own description of a cluster, lists the workers.

    Args:
        name: `one_device`; `mirrored` over the GPUs of this machine; `multi_worker` over all
            workers' devices. `auto` takes all workers where there are several, else all GPUs where
            there are several, else one device.

    Raises:
        DistributionError: `TF_CONFIG` is missing or malformed, or TensorFlow is in use already.
    """
    if name in ("auto", "multi_worker"):
        workers = count_workers(os.environ.get("TF_CONFIG", ""))
        if workers > 1:
            return _connect_workers(workers)
        if name == "multi_worker":
            problem = "names only one worker" if workers else "is not set"
            raise DistributionError(
                f"trainer.distribution: multi_worker needs several workers, and the environment "
                f"variable TF_CONFIG {problem}",
                hint=f"{_TF_CONFIG_FORM}\nOn a single machine, set trainer.distribution to auto.",
            )
    is_mirrored = name == "mirrored" or (
        name == "auto" and len(tf.config.list_physical_devices("GPU")) > 1
    )
    return tf.distribute.MirroredStrategy() if is_mirrored else tf.distribute.get_strategy()


def count_workers(tf_config: str) -> int:
    """Number of workers in a `TF_CONFIG`, the chief among them; 0 where it is empty.

    Raises:
        DistributionError: It is not JSON, an address is not `host:port`, the task is not in the
            cluster, or the cluster has other tasks than workers and a chief.
    """
    try:
        config = json.loads(tf_config or "{}")
    except ValueError as error:
        raise _malformed(f"is not JSON: {error}") from error
    cluster = config.get("cluster", {}) if isinstance(config, dict) else None
    if not isinstance(cluster, dict):
        raise _malformed("needs an object with `cluster`, and in it a list for each kind of task")
    for kind, addresses in cluster.items():
        if kind not in ("chief", "worker"):
            raise _malformed(f"names tasks of the kind {kind!r}; allowed: `worker`, `chief`")
        if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
            raise _malformed(f"needs a list of host:port under {kind!r}; it has {addresses!r}")
    if cluster:
        _check_task(config.get("task"), cluster)
    return sum(map(len, cluster.values()))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes the model, checkpoints and the history."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.cluster_spec().jobs:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return (resolver.task_type, resolver.task_id) == (first, 0)


@contextmanager
def explain_lost_workers() -> Iterator[None]:
    """Turns TensorFlow's error for a lost worker into one for the user.

    Raises:
        DistributionError: Another worker is lost.
    """
    try:
        yield
    except tf.errors.UnavailableError as error:
        raise DistributionError(
            WORKER_LOST,
            hint="See the end of its log. Start all workers again: training resumes after the last "
            "saved epoch.",
        ) from error


def wait_for_all_workers(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has called it; at once where there is only one.

    TensorFlow treats a worker that has ended as lost, and closes the others' connections ten
    seconds later: none may end while another still works.

    Raises:
        DistributionError: Another worker is lost.
    """
    # A sum of all workers' values has to wait for the last of them.
    _sum_over_workers(strategy, 1)


def is_same_on_all_workers(strategy: tf.distribute.Strategy, number: int) -> bool:
    """Whether all workers call it with the same number; returns when the last one has.

    Raises:
        DistributionError: Another worker is lost.
    """
    differs = _sum_over_workers(strategy, number) != number * strategy.num_replicas_in_sync
    # A number may equal the mean of different ones.
    return _sum_over_workers(strategy, int(differs)) == 0


def _sum_over_workers(strategy: tf.distribute.Strategy, number: int) -> float:
    """The sum over workers of each one's number times its devices."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return number * strategy.num_replicas_in_sync
    with explain_lost_workers():
        sums = strategy.run(_sum_over_replicas, args=(tf.constant(number, tf.float64),))
        return float(strategy.experimental_local_results(sums)[0].numpy())


def _sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, value)


def _connect_workers(workers: int) -> tf.distribute.Strategy:
    report_progress("Trainer", f"waiting until all {workers} workers of TF_CONFIG have started")
    try:
        with _keep_sigterm_handler():
            return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise DistributionError(
            f"trainer.distribution: TF_CONFIG names {workers} workers, and this process has used "
            f"TensorFlow before it could connect to them",
            hint="Run the Trainer in a process of its own, or set trainer.distribution to "
            "one_device.",
        ) from error


@contextmanager
def _keep_sigterm_handler() -> Iterator[None]:
    """Restores the handler of SIGTERM, which TensorFlow's coordination service replaces."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


def _check_task(task: Any, cluster: dict[str, list[str]]) -> None:
    if not isinstance(task, dict) or task.get("type") not in cluster:
        raise _malformed(
            f"needs a `task` whose `type` is one of {', '.join(cluster)}; it has {task!r}"
        )
    tasks = len(cluster[task["type"]])
    index = str(task.get("index"))
    if not index.isdigit() or int(index) >= tasks:
        raise _malformed(f"needs a `task` whose `index` is from 0 to {tasks - 1}; it has {index}")


def _is_address(text: Any) -> bool:
    host, _, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    return bool(host) and port.isdigit() and 0 < int(port) < 65536


def _malformed(problem: str) -> DistributionError:
    return DistributionError(f"the environment variable TF_CONFIG {problem}", hint=_TF_CONFIG_FORM)
