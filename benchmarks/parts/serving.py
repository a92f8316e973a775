"""Latency of the served model against the bare model plus decoding."""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.parts.evaluation import bare_model
from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject
from benchmarks.parts.timing import seconds_of

_BATCH_SIZES = (1, 32)
_CALLS = 50
_BOUND = 1.1


def measure(subject: Subject) -> list[Row]:
    """The median call of each batch size, both models in turns in one process."""
    import tensorflow as tf

    from components.transform.preprocessing import load_image
    from trainer.network.backbones import BACKBONES

    config = subject.config
    served = tf.saved_model.load(str(subject.served_model)).signatures["serving_default"]
    model = bare_model(subject, len(subject.summary["classes"]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def bare(contents: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.map_fn(
            lambda one: load_image(
                one,
                image_size=config.image_size,
                interpolation=config.transform.interpolation,
                scale=BACKBONES[config.model.backbone].scale,
            ),
            contents,
            fn_output_signature=tf.float32,
        )
        shaped = tf.ensure_shape(images, model.input_shape)
        return {"scores": model(shaped, training=False)}

    rows = []
    for batch_size in _BATCH_SIZES:
        files = subject.images[:batch_size]
        contents = tf.constant([path.read_bytes() for path in files])
        ours, theirs = seconds_of(
            [
                partial(_call, partial(served, image_bytes=contents)),
                partial(_call, partial(bare, contents)),
            ],
            _CALLS,
        )
        name = f"served model, batch of {len(files)}"
        against = "bare model and decoding"
        rows.append(Row(name, 1000 * ours, "ms", against, 1000 * theirs, _BOUND))
    return rows


def _call(predict: Callable[[], Any]) -> object:
    """Predicts and fetches the scores: without fetching, the computation may still be running."""
    return predict()["scores"].numpy()
