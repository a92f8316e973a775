"""The Evaluator's pass over images against `model.predict` over the same."""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject

_BOUND = 1.3


def measure(subject: Subject) -> list[Row]:
    """Both over the training images, of which there are most, and per further image.

    A pass loads the model and sets Beam up whatever it measures; what a further image costs is
    the difference between a pass over many and one over few. One of each comes before that does
    not count: what only the first pass of a process does would make that difference too small.
    """
    for first_pass in (_evaluator_seconds, _predict_seconds):
        first_pass(subject, "test")
    passes = {split: _evaluator_seconds(subject, split) for split in ("test", "train")}
    predict = {split: _predict_seconds(subject, split) for split in ("test", "train")}
    counts = {split: int(subject.summary["splits"][split]) for split in ("test", "train")}
    more = counts["train"] - counts["test"]
    return [
        Row(
            f"Evaluator's pass, {counts['train']:,} images, loading included",
            passes["train"],
            "s",
            "model.predict",
            predict["train"],
            _BOUND,
        ),
        Row(
            "Evaluator's pass, each further image",
            1000 * (passes["train"] - passes["test"]) / more,
            "ms",
            "model.predict",
            1000 * (predict["train"] - predict["test"]) / more,
            _BOUND,
        ),
    ]


def _evaluator_seconds(subject: Subject, split: str) -> float:
    import apache_beam as beam
    from tfx.types import artifact_utils, standard_artifacts

    from components.evaluator.tfma_models import CANDIDATE
    from components.evaluator.tfma_pipeline import run_models
    from components.signatures import SERVING_EXAMPLES
    from pipeline.execution.beam_args import beam_args

    examples = standard_artifacts.Examples()
    examples.uri = str(subject.artifact("ImageExampleGen", "examples"))
    examples.split_names = artifact_utils.encode_split_names(list(subject.summary["splits"]))
    models = {CANDIDATE: str(subject.served_model)}
    options = beam_args(subject.config.beam, "Evaluator")
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as output,
        beam.Pipeline(argv=options) as pipeline,
    ):
        run_models(pipeline, [examples], [split], models, SERVING_EXAMPLES, output)
    return time.perf_counter() - start


def _predict_seconds(subject: Subject, split: str) -> float:
    """Reading, decoding and `predict` of a new bare model, tracing included."""
    import tensorflow_transform as tft

    from trainer.data.input import build_parser, open_split, read_images, read_labels

    transform = tft.TFTransformOutput(str(subject.artifact("Transform", "transform_graph")))
    labels = read_labels(transform)
    folder: Path = subject.artifact("ImageExampleGen", "examples") / f"Split-{split}"
    images = read_images(
        open_split([f"{folder}/*"], labels), build_parser(transform.transform_features_layer()), 32
    )
    model = bare_model(subject, len(labels))
    start = time.perf_counter()
    model.predict(images, verbose=0)
    return time.perf_counter() - start


def bare_model(subject: Subject, classes: int) -> Any:
    """The network of the run as one Keras model, with random weights: they cost the same."""
    import keras

    from trainer.network.network import build_network

    config = subject.config
    settings = config.model.model_copy(update={"weights": "none"})
    network = build_network(settings, config.image_size, classes)
    inputs = keras.Input(network.body.input_shape[1:])
    logits = network.head(network.body(inputs, training=False), training=False)
    return keras.Model(inputs, keras.layers.Softmax()(logits))
