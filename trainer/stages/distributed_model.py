"""A model whose `fit` and `evaluate` give the same result on one device and on many."""

from typing import Any

import keras
import tensorflow as tf

from trainer.network.precision import SynchronizedLossScale
from trainer.stages.distribution import explain_lost_workers


class DistributedModel(keras.Model):
    """A functional model whose `fit` and `evaluate` give the same result under any strategy.

    Keras 3.12 lacks this in three ways. What is added here changes nothing on one device:

    - `fit` fails under MultiWorkerMirroredStrategy (github.com/keras-team/keras/issues/20585):
      before the first step it averages a batch over the workers, and after each step it averages
      logs, which are scalars, over their first axis.
    - The loss is averaged over devices as if each had as many examples. In the last batch of an
      epoch some have fewer, or none, and their examples would weigh more than others.
    - Data are sharded by file by default, which changes the batches.

    Create and compile it in the strategy's scope; call it anywhere.
    """

    def compile(self, optimizer: Any = "rmsprop", **options: Any) -> None:
        """`keras.Model.compile`; with `mixed_float16`, all devices use the same loss scale."""
        is_plain = isinstance(optimizer, keras.optimizers.Optimizer) and not isinstance(
            optimizer, keras.optimizers.LossScaleOptimizer
        )
        if is_plain and self.dtype_policy.name == "mixed_float16":
            optimizer = SynchronizedLossScale(optimizer)
        super().compile(optimizer, **options)

    def fit(self, x: tf.data.Dataset, **options: Any) -> keras.callbacks.History:
        """`keras.Model.fit`, of (inputs, labels, weights) in batches of all devices together.

        Args:
            x: The same batches in the same order on every worker.
            **options: See `keras.Model.fit`.
        """
        self._build_state(x)
        with explain_lost_workers():
            return super().fit(_shard_by_data(x), **options)

    def evaluate(self, x: tf.data.Dataset, **options: Any) -> Any:
        """`keras.Model.evaluate`; the same numbers on every worker."""
        self._build_state(x)
        with explain_lost_workers():
            return super().evaluate(_shard_by_data(x), **options)

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        """`keras.Model.call`, also for an empty batch."""
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
        """Creates the variables of optimizer and metrics, which must not happen in a replica."""
        if self.distribute_strategy.num_replicas_in_sync == 1:
            return
        batch = tf.nest.map_structure(
            lambda spec: keras.KerasTensor(spec.shape, spec.dtype.name), batches.element_spec
        )
        with self.distribute_strategy.scope():
            self._symbolic_build(data_batch=batch)

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Replaces Keras' own, which fails with several workers; see `_build_state`."""


def _shard_by_data(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Has each batch split between the workers, rather than the files."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.with_options(options)
