"""The network as the Trainer computes it, against Keras' own layers, XLA and bfloat16."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject
from benchmarks.parts.timing import seconds_of

_BATCH_SIZE = 32
_ROUNDS = 10
_KERAS, _XLA, _BFLOAT16 = "Keras' own layers", "with XLA", "in bfloat16"


def measure(subject: Subject) -> list[Row]:
    """A batch through the backbone, and a training step of its upper part."""
    from trainer.network.freezing import (
        find_feature_layer,
        find_first_trainable,
        freeze_below,
        split_network,
    )
    from trainer.network.network import build_network

    config = subject.config
    model = config.model.model_copy(update={"weights": "none"})
    network = build_network(model, config.image_size, len(subject.summary["classes"]))
    first = find_first_trainable(network.body, config.trainer.stages[-1].freeze)
    freeze_below(network.body, first)
    parts = split_network(network.body, find_feature_layer(network.body, first))
    rows = _compare("backbone, a batch of 32", network.body, _forward)
    if parts.trained is not None:
        rows += _compare("training step, a batch of 32", parts.trained, _step)
    return rows


def _compare(name: str, part: Any, build: Callable[..., Any]) -> list[Row]:
    """Milliseconds of this implementation, and of its alternatives."""
    import tensorflow as tf

    from trainer.network.folding import InferenceMode

    inputs = np.random.default_rng(0).uniform(-1, 1, (_BATCH_SIZE, *part.input_shape[1:]))
    batch = tf.constant(inputs, tf.float32)
    ours, trained = InferenceMode(part), [one.value for one in part.trainable_variables]
    kinds = {
        "": build(ours, trained),
        _KERAS: build(partial(part, training=False), trained),
        _XLA: build(ours, trained, jit_compile=True),
    }
    for compute in kinds.values():
        compute(batch)
    # From here on: what was called before has its graph already.
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    kinds[_BFLOAT16] = build(ours, trained)
    kinds[_BFLOAT16](batch)
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})
    mine, *others = seconds_of([partial(one, batch) for one in kinds.values()], _ROUNDS)
    return [
        Row(name, 1000 * mine, "ms", other, 1000 * seconds)
        for other, seconds in zip(list(kinds)[1:], others, strict=True)
    ]


def _forward(part: Callable[..., Any], _: Any, *, jit_compile: bool = False) -> Any:
    import tensorflow as tf

    return tf.function(lambda batch: part(batch), autograph=False, jit_compile=jit_compile)


def _step(part: Callable[..., Any], trained: Any, *, jit_compile: bool = False) -> Any:
    """Gradients of all that is trained; the optimizer is the same for all."""
    import tensorflow as tf

    @tf.function(autograph=False, jit_compile=jit_compile)
    def step(batch: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(part(batch) ** 2)
        return tape.gradient(loss, trained)

    return step
