"""Seconds to write the SavedModel."""

import tempfile
import time

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject

_BOUND_SECONDS = 10.0
"""Seconds, not tens of seconds."""


def measure(subject: Subject) -> list[Row]:
    """Tracing and writing, as the Trainer does it at its end."""
    import tensorflow_transform as tft

    from trainer.data.input import read_labels
    from trainer.export import export_network
    from trainer.network.network import build_network

    config = subject.config
    transform = tft.TFTransformOutput(str(subject.artifact("Transform", "transform_graph")))
    layer, labels = transform.transform_features_layer(), read_labels(transform)
    settings = config.model.model_copy(update={"weights": "none"})
    network = build_network(settings, config.image_size, len(labels))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        export_network(network, layer, labels, f"{folder}/model")
        seconds = time.perf_counter() - start
    return [Row("export", seconds, "s", bound=_BOUND_SECONDS)]
