"""A training that starts from an earlier model instead of the pretrained backbone."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from components.artifacts import LABELS_FILE
from trainer.export import parent_folder, weights_path
from trainer.network.network import Network
from trainer.network.normalization import use_normalization_weights


class WarmStart(NamedTuple):
    """What a warm start took, or why nothing, in a sentence."""

    note: str
    is_used: bool


def warm_start(network: Network, labels: tuple[str, ...], base_model: str) -> WarmStart:
    """Loads weights that `export_network` wrote.

    Its classes are matched by name: a class that it does not know keeps its new weights. A model
    that does not fit (another backbone, another head) is not used.
    """
    name = parent_folder(base_model).rpartition("/")[2]
    old, old_labels = _read_weights(base_model), _read_labels(base_model)
    if not old:
        note = f"warm start: model {name} has no weights beside it; training starts without it"
        return WarmStart(note, is_used=False)
    mismatch = _explain_mismatch(network, labels, old, old_labels)
    if mismatch:
        note = f"warm start: model {name} has {mismatch}; training starts without it"
        return WarmStart(note, is_used=False)
    *weights, kernel, bias = network.weights
    for weight, array in zip(weights, old, strict=False):
        weight.assign(array)
    use_normalization_weights(network.body)
    for weight, array in zip((kernel, bias), old[-2:], strict=True):
        is_per_class = array.shape[-1] == len(old_labels)
        value = _by_label(weight.numpy(), array, labels, old_labels) if is_per_class else array
        weight.assign(value)
    known = len(set(labels) & set(old_labels))
    note = f"warm start from model {name}, which knows {known} of {len(labels)} classes"
    return WarmStart(note, is_used=True)


def _explain_mismatch(
    network: Network, labels: tuple[str, ...], old: list[np.ndarray], old_labels: tuple[str, ...]
) -> str | None:
    """How the earlier model differs, or None if it fits."""
    *weights, kernel, _ = network.weights
    if [array.shape for array in old[:-2]] != [tuple(weight.shape) for weight in weights]:
        return "another backbone or head"
    features, old_features = kernel.shape[0], old[-2].shape[0]
    if features != old_features:
        return f"a head for {old_features} features, not {features}"
    is_one_logit, was_one_logit = kernel.shape[-1] == 1, old[-2].shape[-1] == 1
    if is_one_logit != was_one_logit:
        return "another activation"
    if is_one_logit and labels != old_labels:
        return "one logit for other classes"
    return None


def _by_label(
    new: np.ndarray, old: np.ndarray, labels: tuple[str, ...], old_labels: tuple[str, ...]
) -> np.ndarray:
    """`new`, `[..., classes]`, with the columns of the classes that `old` knows."""
    for index, label in enumerate(labels):
        if label in old_labels:
            new[..., index] = old[..., old_labels.index(label)]
    return new


def _read_weights(base_model: str) -> list[np.ndarray]:
    path = weights_path(base_model)
    arrays: list[np.ndarray] = []
    if not tf.io.gfile.exists(f"{path}.index"):
        return arrays
    reader = tf.train.load_checkpoint(path)
    while reader.has_tensor(key := f"weights/{len(arrays)}/.ATTRIBUTES/VARIABLE_VALUE"):
        arrays.append(reader.get_tensor(key))
    return arrays


def _read_labels(base_model: str) -> tuple[str, ...]:
    with tf.io.gfile.GFile(f"{base_model}/assets/{LABELS_FILE}") as file:
        return tuple(file.read().splitlines())
