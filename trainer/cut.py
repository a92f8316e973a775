"""A backbone in two: the frozen part, whose output never changes, and the part that is trained."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Cut:
    """The two parts of a network; they share the layers, and so the weights, of the whole.

    Attributes:
        boundary: Index of the layer whose output the trained part reads; None where nothing is
            frozen.
        frozen: From pictures to the features that the trained part reads; None where nothing is
            frozen and the features are the pictures themselves.
        trained: From those features to the whole network's output; None where all is frozen.
    """

    boundary: int | None
    frozen: "keras.Model | None"
    trained: "keras.Model | None"


def cut_network(network: "keras.Model", first_trainable: int) -> Cut:
    """Cuts a network as far up as its frozen layers allow.

    The cut is at the last tensor that all later layers are computed from and that only frozen
    layers contribute to, so that the frozen part can be computed once and stored.

    Args:
        network: A functional model with one input and one output.
        first_trainable: Index into `network.layers` of the first trainable one.

    Returns:
        Both parts; the trained part runs in inference mode throughout, so that BatchNorm keeps its
        pretrained statistics (Keras guide "Transfer learning & fine-tuning").
    """
    import keras

    boundary = find_boundary(network, first_trainable)
    if boundary == len(network.layers) - 1:
        return Cut(boundary, frozen=network, trained=None)
    if boundary is None:
        return Cut(None, frozen=None, trained=network)
    features = network.layers[boundary].output
    frozen = keras.Model(network.inputs[0], features, name="frozen_part")
    trained = keras.Model(features, network.outputs[0], name="trained_part")
    return Cut(boundary, frozen, trained)


def find_boundary(network: "keras.Model", first_trainable: int) -> int | None:
    """Finds the last frozen layer that everything after it flows through.

    Args:
        network: A functional model with one input and one output.
        first_trainable: Index into `network.layers` of the first trainable one.

    Returns:
        Its index, that of the last layer where all are frozen; None where there is none.
    """
    if first_trainable >= len(network.layers):
        return len(network.layers) - 1
    layers = network.layers
    position = {id(layer): index for index, layer in enumerate(layers)}
    # For each layer, the furthest layer that reads its output.
    last_reader = [0] * len(layers)
    for index, layer in enumerate(layers):
        for tensor in _inputs_of(layer):
            producer = position.get(id(tensor._keras_history.operation))
            if producer is not None:
                last_reader[producer] = max(last_reader[producer], index)
    found = None
    reach = 0
    for index in range(first_trainable):
        # Whether no layer before this one is still needed by a layer after it.
        if index and reach <= index:
            found = index
        reach = max(reach, last_reader[index])
    return found


def _inputs_of(layer: "keras.Layer") -> "list[keras.KerasTensor]":
    return [] if not layer._inbound_nodes else list(layer._inbound_nodes[0].input_tensors)
