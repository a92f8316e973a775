"""Training on several GPUs or machines: `tf.distribute`, chosen by the config.

    strategy = build_strategy(settings.distribution)
    with strategy.scope():
        model = DistributedModel(inputs, outputs)
        model.compile(optimizer=..., loss=...)
    model.fit(batches)  # of the whole batch size; each device takes its share
    if is_chief(strategy):
        ...  # only one of the workers writes files

Each device computes the gradient of its share of a batch, and all of them make the same step with
the sum: the result is that of one device, but for the order in which floats are added.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import keras
import tensorflow as tf

from components.errors import UserError
from components.progress import report_progress
from trainer.precision import AgreedLossScale

_TF_CONFIG_FORM = (
    "Set TF_CONFIG on each worker to JSON of this form, with the same cluster everywhere and each "
    'worker\'s own index, from 0 on: {"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


class DistributionError(UserError):
    """The config's strategy is not to be had here, or is no longer."""


def build_strategy(
    name: Literal["auto", "one_device", "mirrored", "multi_worker"],
) -> tf.distribute.Strategy:
    """Builds the strategy; the first thing a process does with TensorFlow.

    `TF_CONFIG`, TensorFlow's own description of a cluster, tells who the workers are.

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
            told = "names only one worker" if workers else "is not set"
            raise DistributionError(
                f"trainer.distribution: multi_worker needs several workers, and the environment "
                f"variable TF_CONFIG {told}",
                hint=f"{_TF_CONFIG_FORM}\nOn a single machine, set trainer.distribution to auto.",
            )
    is_mirrored = name == "mirrored" or (
        name == "auto" and len(tf.config.list_physical_devices("GPU")) > 1
    )
    return tf.distribute.MirroredStrategy() if is_mirrored else tf.distribute.get_strategy()


def count_workers(tf_config: str) -> int:
    """Number of workers that a `TF_CONFIG` names, the chief among them; 0 where it names none.

    Args:
        tf_config: The variable's value; empty where it is not set.

    Raises:
        DistributionError: It is no JSON, its addresses are no `host:port`, its task is none of its
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
    """Whether this process writes what is written once: the model, checkpoints, the history."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.cluster_spec().jobs:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return (resolver.task_type, resolver.task_id) == (first, 0)


class DistributedModel(keras.Model):
    """A functional model whose `fit` and `evaluate` give the same result under any strategy.

    Keras 3.12 comes close. What it lacks is added here, and does nothing on one device:

    - `fit` fails under MultiWorkerMirroredStrategy (github.com/keras-team/keras/issues/20585):
      before the first step it averages a batch over the workers, and after each step it averages
      logs, which are scalars, over their first axis.
    - The loss is averaged over devices as if each had as many examples. In the last batch of an
      epoch some have fewer, or none, and theirs would weigh more than others.
    - Data are shared out by files unless told otherwise, and then no batch is what it was.

    Create and compile it in the strategy's scope; call it anywhere.
    """

    def compile(self, optimizer: Any = "rmsprop", **options: Any) -> None:
        """`keras.Model.compile`; with `mixed_float16`, all devices scale the loss alike."""
        is_plain = isinstance(optimizer, keras.optimizers.Optimizer) and not isinstance(
            optimizer, keras.optimizers.LossScaleOptimizer
        )
        if is_plain and self.dtype_policy.name == "mixed_float16":
            optimizer = AgreedLossScale(optimizer)
        super().compile(optimizer, **options)

    def fit(self, x: tf.data.Dataset, **options: Any) -> keras.callbacks.History:
        """`keras.Model.fit`, of (inputs, labels, weights) in batches of all devices together.

        Args:
            x: The same batches in the same order on every worker.
            **options: See `keras.Model.fit`.
        """
        self._build_state(x)
        with _lost_workers_told():
            return super().fit(_share_out(x), **options)

    def evaluate(self, x: tf.data.Dataset, **options: Any) -> Any:
        """`keras.Model.evaluate`; the same numbers on every worker."""
        self._build_state(x)
        with _lost_workers_told():
            return super().evaluate(_share_out(x), **options)

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        """`keras.Model.call`, also of no examples at all."""
        if self.distribute_strategy.num_replicas_in_sync == 1:
            return super().call(inputs, training, mask)
        count = tf.shape(inputs)[0]
        # Not tf.pad: grappler would merge it with a convolution, which then sees no examples.
        fillers = tf.zeros([tf.cast(count == 0, tf.int32), *inputs.shape[1:]], inputs.dtype)
        return super().call(tf.concat([inputs, fillers], axis=0), training, mask)[:count]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """`keras.Model.compute_loss`, weighted by this device's share of the batch."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        replica = tf.distribute.get_replica_context()
        if not training or replica is None or replica.num_replicas_in_sync == 1:
            return loss
        examples = tf.cast(tf.shape(y)[0], loss.dtype)
        total = replica.all_reduce(tf.distribute.ReduceOp.SUM, examples)
        weighted = loss * examples * replica.num_replicas_in_sync / total
        # Only its gradient: Keras weighs the logged value by the examples itself.
        return tf.stop_gradient(loss - weighted) + weighted

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """`keras.Model.train_step`, with logs that `fit` can average."""
        return self._averageable(super().train_step(data))

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """`keras.Model.test_step`, with logs that `evaluate` can average."""
        return self._averageable(super().test_step(data))

    def _averageable(self, logs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        if not isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return logs
        return {name: tf.reshape(value, [1]) for name, value in logs.items()}

    def _build_state(self, batches: tf.data.Dataset) -> None:
        """Creates the variables of optimizer and metrics, which no replica can do by itself."""
        if self.distribute_strategy.num_replicas_in_sync == 1:
            return
        batch = tf.nest.map_structure(
            lambda spec: keras.KerasTensor(spec.shape, spec.dtype.name), batches.element_spec
        )
        with self.distribute_strategy.scope():
            self._symbolic_build(data_batch=batch)

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Takes the place of Keras' own, which fails with several workers; see `_build_state`."""


def _share_out(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Has each batch, not each file, split between the workers."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.with_options(options)


@contextmanager
def _lost_workers_told() -> Iterator[None]:
    try:
        yield
    except tf.errors.UnavailableError as error:
        raise DistributionError(
            "another worker of this training is gone, or cannot be reached",
            hint="See what it wrote last. Start all workers again: training goes on after the last "
            "epoch that was saved.",
        ) from error


def _connect_workers(workers: int) -> tf.distribute.Strategy:
    report_progress("Trainer", f"waiting until all {workers} workers of TF_CONFIG have started")
    try:
        with _sigterm_kept():
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
def _sigterm_kept() -> Iterator[None]:
    """Has SIGTERM end the process as before; TensorFlow's coordination service only notes it."""
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
    index = task.get("index")
    if not isinstance(index, int) or not 0 <= index < tasks:
        raise _malformed(f"needs a `task` whose `index` is from 0 to {tasks - 1}; it has {index!r}")


def _is_address(text: Any) -> bool:
    host, _, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    return bool(host) and port.isdigit() and 0 < int(port) < 65536


def _malformed(problem: str) -> DistributionError:
    return DistributionError(f"the environment variable TF_CONFIG {problem}", hint=_TF_CONFIG_FORM)
