"""Which layers stay frozen, and the network split there: a frozen part and a trained part.

    first = find_first_trainable(body, "block_13_expand")
    freeze_below(body, first)
    parts = split_network(body, find_feature_layer(body, first))
    logits = parts.trained(parts.frozen(images))

What `parts.frozen` outputs never changes while the stage trains, and can be stored.
"""

import difflib
from dataclasses import dataclass

import keras

from components.errors import UserError


@dataclass(frozen=True)
class NetworkParts:
    """The two parts of a network; they share the layers, and so the weights, of the whole.

    Attributes:
        feature_layer: Index of the layer whose output the trained part reads; None where it reads
            the images.
        frozen: From images to the features that the trained part reads; None where the features
            are the images themselves.
        trained: From those features to the whole network's output; None where all is frozen.
    """

    feature_layer: int | None
    frozen: keras.Model | None
    trained: keras.Model | None


def find_first_trainable(network: keras.Model, freeze: float | int | str) -> int:
    """The index of the first layer to train.

    Args:
        network: A functional model.
        freeze: `all`, `none`, a share of the layers (0.0 to 1.0), a number of layers (a negative
            one leaves so many to train), or the name of the first layer to train.

    Returns:
        An index into `network.layers`; their number where all are frozen.

    Raises:
        UserError: There are fewer layers, or none has that name.
    """
    count = len(network.layers)
    if freeze == "all":
        return count
    if freeze == "none":
        return 0
    if isinstance(freeze, float):
        return int(freeze * count)
    if isinstance(freeze, int):
        if not -count <= freeze <= count:
            raise UserError(
                f"trainer.stages: freeze: received {freeze}; the backbone has {count} layers, "
                f"pooling included; allowed: {-count} to {count}, a share such as 0.7, "
                "a layer's name, `all`, `none` or `auto`"
            )
        return freeze if freeze >= 0 else count + freeze
    names = [layer.name for layer in network.layers]
    if freeze not in names:
        raise UserError(
            f"trainer.stages: freeze: the backbone has no layer {freeze!r}; allowed: `all`, "
            f"`none`, `auto`, a share, a number, or one of {_close_names(freeze, names)}"
        )
    return names.index(freeze)


def freeze_below(network: keras.Model, first_trainable: int) -> None:
    """Makes the layers from an index on trainable, and those below it not."""
    network.trainable = True
    for index, layer in enumerate(network.layers):
        layer.trainable = index >= first_trainable


def find_feature_layer(network: keras.Model, first_trainable: int) -> int | None:
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
    # Operations, not layers: the sums of ConvNeXt's residual blocks are not layers.
    operations = list(network.operations)
    last_readers = _find_last_readers(operations)
    feature_layer = None
    reach = 0
    for number, operation in enumerate(operations):
        index = index_of_layer.get(id(operation))
        if index == first_trainable:
            break
        # Whether no operation before this one is still needed by one after it.
        if number and index is not None and reach <= number:
            feature_layer = index
        reach = max(reach, last_readers[number])
    return feature_layer


def split_network(network: keras.Model, feature_layer: int | None) -> NetworkParts:
    """Splits a network after one of its layers.

    Args:
        network: A functional model with one input and one output.
        feature_layer: As `find_feature_layer` returns it; None leaves the network whole.

    Returns:
        Both parts; the trained part runs in inference mode throughout, so that BatchNorm keeps its
        pretrained statistics (Keras guide "Transfer learning & fine-tuning").
    """
    if feature_layer == len(network.layers) - 1:
        return NetworkParts(feature_layer, frozen=network, trained=None)
    if feature_layer is None:
        return NetworkParts(None, frozen=None, trained=network)
    features = network.layers[feature_layer].output
    frozen = keras.Model(network.inputs[0], features, name="frozen_part")
    trained = keras.Model(features, network.outputs[0], name="trained_part")
    return NetworkParts(feature_layer, frozen, trained)


def inputs_of(operation: keras.Operation) -> list[keras.KerasTensor]:
    """The tensors that an operation of a functional model reads."""
    nodes = operation._inbound_nodes
    return list(nodes[0].input_tensors) if nodes else []


def _find_last_readers(operations: list[keras.Operation]) -> list[int]:
    """For each operation, the last one that reads its output."""
    position = {id(operation): number for number, operation in enumerate(operations)}
    last_readers = [0] * len(operations)
    for number, operation in enumerate(operations):
        for tensor in inputs_of(operation):
            producer = position.get(id(tensor._keras_history.operation))
            if producer is not None:
                last_readers[producer] = max(last_readers[producer], number)
    return last_readers


def _close_names(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[-5:]
    return ", ".join(close) + (" ..." if len(names) > len(close) else "")
