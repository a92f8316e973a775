"""Mixed precision: arithmetic in 16 bits, weights and logits in 32."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import keras
import tensorflow as tf

ComputeCapability = tuple[int, int]
"""Generation of an NVIDIA GPU as CUDA numbers it: (7, 5) is Turing."""

# Tensor Cores, which make 16 bits fast, multiply float16 from 7.0 on (TensorFlow guide "Mixed
# precision", section "Supported hardware") and bfloat16 from 8.0 on (NVIDIA A100 architecture
# whitepaper). bfloat16 has the range of float32: no gradient underflows, none has to be scaled.
_BFLOAT16_FROM: ComputeCapability = (8, 0)
_FLOAT16_FROM: ComputeCapability = (7, 0)


def choose_precision(setting: Literal["auto", "off", "bfloat16", "float16"]) -> str:
    """The name of the Keras dtype policy to train with.

    Args:
        setting: `auto` chooses for the GPUs of this machine. Workers must choose the same: where
            their GPUs are of different generations, the configuration names one.

    Returns:
        `float32`, `mixed_bfloat16` or `mixed_float16`.
    """
    if setting == "auto":
        return choose_policy(_find_compute_capabilities())
    return "float32" if setting == "off" else f"mixed_{setting}"


def choose_policy(gpus: Sequence[ComputeCapability]) -> str:
    """The dtype policy that is fastest on all GPUs; `float32` where there is none."""
    oldest = min(gpus, default=(0, 0))
    if oldest >= _BFLOAT16_FROM:
        return "mixed_bfloat16"
    return "mixed_float16" if oldest >= _FLOAT16_FROM else "float32"


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Keras' dtype policy while layers and models are built, which keep it afterwards.

    A model is compiled with the policy it was built under: with `mixed_float16`, Keras then wraps
    its optimizer in a LossScaleOptimizer.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class SynchronizedLossScale(keras.optimizers.LossScaleOptimizer):
    """A LossScaleOptimizer whose replicas skip the same steps.

    Keras 3.12's looks for overflow in each replica's own gradients, before they are summed. Where
    only some overflow, MirroredStrategy applies their infinities in the others, and the workers of
    MultiWorkerMirroredStrategy wait for each other forever.
    """

    def apply(
        self, grads: list[tf.Tensor | None], trainable_variables: list[keras.Variable] | None = None
    ) -> None:
        """Makes a step, or, if any replica's gradients overflow, halves the scale."""
        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            overflows = 1.0 - tf.cast(self.check_finite(grads), tf.float32)
            total = replica.all_reduce(tf.distribute.ReduceOp.SUM, overflows)
            nan_on_overflow = tf.where(total > 0, float("nan"), 0.0)
            grads = [
                None if grad is None else grad + tf.cast(nan_on_overflow, grad.dtype)
                for grad in grads
            ]
        super().apply(grads, trainable_variables)


def _find_compute_capabilities() -> list[ComputeCapability]:
    gpus = tf.config.list_physical_devices("GPU")
    details = map(tf.config.experimental.get_device_details, gpus)
    # A GPU that is not NVIDIA's has none.
    return [detail.get("compute_capability", (0, 0)) for detail in details]
