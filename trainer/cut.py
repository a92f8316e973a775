"""A backbone in two: the frozen part, whose output never changes, and the part that is trained."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Cut:
    """The two parts of a network; they share the layers, and so the weights, of the whole.

    Attributes:
        boundary: Index of the layer whose output the trained part reads; None where it reads the
            pictures.
        frozen: From pictures to the features that the trained part reads; None where the features
            are the pictures themselves.
        trained: From those features to the whole network's output; None where all is frozen.
    """

    boundary: int | None
    frozen: "keras.Model | None"
    trained: "keras.Model | None"


def cut_network(network: "keras.Model", boundary: int | None) -> Cut:
    """Cuts a network behind one of its layers.

    Args:
        network: A functional model with one input and one output.
        boundary: As `find_boundary` finds it; None leaves the network whole.

    Returns:
        Both parts; the trained part runs in inference mode throughout, so that BatchNorm keeps its
        pretrained statistics (Keras guide "Transfer learning & fine-tuning").
    """
    import keras

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

    All later layers are computed from its output, and only frozen layers contribute to it: what is
    below can be computed once and stored.

    Args:
        network: A functional model with one input and one output.
        first_trainable: Index into `network.layers` of the first trainable one.

    Returns:
        Its index, that of the last layer where all are frozen; None where there is none.
    """
    layers = network.layers
    if first_trainable >= len(layers):
        return len(layers) - 1
    index_of_layer = {id(layer): index for index, layer in enumerate(layers)}
    # Operations, not layers: the sums of ConvNeXt's residual blocks are no layers.
    operations = list(network.operations)
    last_readers = _find_last_readers(operations)
    found = None
    reach = 0
    for number, operation in enumerate(operations):
        index = index_of_layer.get(id(operation))
        if index == first_trainable:
            break
        # Whether no operation before this one is still needed by one after it.
        if number and index is not None and reach <= number:
            found = index
        reach = max(reach, last_readers[number])
    return found


def _find_last_readers(operations: "list[keras.Operation]") -> list[int]:
    """For each operation, the last one that reads its output."""
    position = {id(operation): number for number, operation in enumerate(operations)}
    last_readers = [0] * len(operations)
    for number, operation in enumerate(operations):
        for tensor in inputs_of(operation):
            producer = position.get(id(tensor._keras_history.operation))
            if producer is not None:
                last_readers[producer] = max(last_readers[producer], number)
    return last_readers


def inputs_of(operation: "keras.Operation") -> "list[keras.KerasTensor]":
    """What an operation of a functional model reads."""
    nodes = operation._inbound_nodes
    return list(nodes[0].input_tensors) if nodes else []
