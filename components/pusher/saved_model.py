"""Signatures, labels and release of a SavedModel, read from its file without loading it."""

from dataclasses import dataclass
from typing import Any

from components import storage
from components.artifacts import LABELS_FILE, SAVED_MODEL_FILE


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a SavedModel without loading it.

    Attributes:
        labels: Class names in the order of the scores; empty if it has no `labels.txt`.
        signatures: By name, `inputs` and `outputs`: by name, `dtype` and `shape` (None is any).
        tensorflow: The release of TensorFlow that wrote it.
    """

    labels: tuple[str, ...]
    signatures: dict[str, dict[str, dict[str, Any]]]
    tensorflow: str


def read_saved_model(folder: str) -> ModelFacts:
    """Reads a SavedModel's signatures, labels and version.

    Raises:
        OSError: It cannot be read.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    contents = storage.read_bytes(storage.join(folder, SAVED_MODEL_FILE))
    graph = saved_model_pb2.SavedModel.FromString(contents).meta_graphs[0]
    signatures = {
        name: {"inputs": _tensors(signature.inputs), "outputs": _tensors(signature.outputs)}
        for name, signature in sorted(graph.signature_def.items())
        if not name.startswith("__")  # TensorFlow's own bookkeeping
    }
    return ModelFacts(_labels(folder), signatures, graph.meta_info_def.tensorflow_version)


def _tensors(tensors: Any) -> dict[str, Any]:
    import tensorflow as tf

    return {
        name: {
            "dtype": tf.dtypes.as_dtype(info.dtype).name,
            "shape": [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim],
        }
        for name, info in sorted(tensors.items())
    }


def _labels(folder: str) -> tuple[str, ...]:
    if not any(entry.name == "assets" for entry in storage.list_folder(folder)):
        return ()
    assets = storage.join(folder, "assets")
    if not any(entry.name == LABELS_FILE for entry in storage.list_folder(assets)):
        return ()
    return tuple(storage.read_bytes(storage.join(assets, LABELS_FILE)).decode().splitlines())
