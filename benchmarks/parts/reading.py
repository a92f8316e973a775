"""Ingest and statistics against bare reading and decoding; the training input against decoding."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject
from benchmarks.parts.timing import seconds_of
from components.parallel import count_cores

if TYPE_CHECKING:
    import tensorflow as tf

_RATE = "images/s"


def measure(subject: Subject) -> list[Row]:
    """Images per second and core, and of the Trainer's input on all cores."""
    import tensorflow as tf

    from components.images.decode import decode_image

    files = tf.data.Dataset.from_tensor_slices([str(path) for path in subject.images])
    bare = files.map(lambda path: decode_image(tf.io.read_file(path)), tf.data.AUTOTUNE)
    [seconds] = seconds_of([_epoch(bare)])
    cores = count_cores()
    bare_rate = len(subject.images) / seconds / cores
    rows = [
        Row(
            f"{component}, per core",
            subject.accepted / subject.seconds(component) / cores,
            _RATE,
            "reading and decoding alone",
            bare_rate,
            0.5,
            "at least",
        )
        for component in ("ImageExampleGen", "StatisticsGen")
    ]
    return [*rows, _training_input(subject)]


def _training_input(subject: Subject) -> Row:
    """What `trainer.data.input` reads in an epoch against reading, decoding and resizing alone."""
    import tensorflow as tf
    import tensorflow_transform as tft

    from components.transform.preprocessing import load_image
    from trainer.data.input import build_parser, open_split, read_images, read_labels
    from trainer.network.backbones import BACKBONES

    config = subject.config
    transform = tft.TFTransformOutput(str(subject.artifact("Transform", "transform_graph")))
    examples = subject.artifact("ImageExampleGen", "examples") / "Split-train"
    split = open_split([f"{examples}/*"], read_labels(transform))
    parse = build_parser(transform.transform_features_layer())
    batch_size = config.trainer.batch_size
    ours = read_images(split, parse, batch_size, shuffle_seed=1)

    def load(path: tf.Tensor) -> tf.Tensor:
        return load_image(
            tf.io.read_file(path),
            image_size=config.image_size,
            interpolation=config.transform.interpolation,
            scale=BACKBONES[config.model.backbone].scale,
        )

    names = [str(path) for path in subject.images][: len(split)]
    limit = tf.data.Dataset.from_tensor_slices(names).map(load, tf.data.AUTOTUNE).batch(batch_size)
    our_seconds, limit_seconds = seconds_of([_epoch(ours), _epoch(limit)])
    return Row(
        "training input alone",
        len(split) / our_seconds,
        _RATE,
        "reading, decoding and resizing alone",
        len(names) / limit_seconds,
        0.8,
        "at least",
    )


def _epoch(dataset: "tf.data.Dataset") -> Callable[[], object]:
    def run() -> object:
        # reduce keeps the loop out of Python.
        return dataset.reduce(0, lambda count, *_: count + 1)

    return run
