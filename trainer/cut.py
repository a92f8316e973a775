"""A backbone in two: the frozen part, whose output never changes, and the part that is trained."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.errors import UserError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Cut:
    """The two parts of a network; they share the layers, and so the weights, of the whole.

    Attributes:
        frozen: From pictures to the features that the trained part reads; None where nothing is
            frozen and the features are the pictures themselves.
        trained: From those features to the whole network's output; None where all is frozen.
    """

    frozen: "keras.Model | None"
    trained: "keras.Model | None"


def find_first_trainable(backbone: "keras.Model", unfreeze_from: str | int) -> int:
    """The index of the first layer to train.

    Args:
        backbone: A functional model.
        unfreeze_from: `none`, `all`, the name of a layer, or the index of one (negative ones count
            from the end).

    Returns:
        An index into `backbone.layers`; their number where all are frozen.

    Raises:
        UserError: No layer has this name or index.
    """
    count = len(backbone.layers)
    if unfreeze_from == "none":
        return count
    if unfreeze_from == "all":
        return 0
    if isinstance(unfreeze_from, int):
        if not -count <= unfreeze_from < count:
            raise UserError(
                f"trainer.stages: unfreeze_from: received {unfreeze_from}; the backbone has "
                f"{count} layers, pooling included; allowed: {-count} to {count - 1}, "
                "a layer's name, `none` or `all`"
            )
        return unfreeze_from % count
    names = [layer.name for layer in backbone.layers]
    if unfreeze_from not in names:
        raise UserError(
            f"trainer.stages: unfreeze_from: the backbone has no layer {unfreeze_from!r}; "
            f"allowed: `none`, `all`, an index, or one of {_close_names(unfreeze_from, names)}"
        )
    return names.index(unfreeze_from)


def freeze_below(backbone: "keras.Model", first_trainable: int) -> None:
    """Makes the layers from an index on trainable, and those below it not."""
    backbone.trainable = True
    for index, layer in enumerate(backbone.layers):
        layer.trainable = index >= first_trainable


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

    if first_trainable >= len(network.layers):
        return Cut(frozen=network, trained=None)
    boundary = _last_bottleneck(network, first_trainable)
    if boundary is None:
        return Cut(frozen=None, trained=network)
    frozen = keras.Model(network.inputs[0], boundary, name="frozen_part")
    trained = keras.Model(boundary, network.outputs[0], name="trained_part")
    return Cut(frozen=frozen, trained=trained)


def _last_bottleneck(network: "keras.Model", first_trainable: int) -> "keras.KerasTensor | None":
    """The last tensor before the first trainable layer that everything after it flows through."""
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
            found = layers[index]._inbound_nodes[0].output_tensors[0]
        reach = max(reach, last_reader[index])
    return found


def _inputs_of(layer: "keras.Layer") -> "list[keras.KerasTensor]":
    return [] if not layer._inbound_nodes else list(layer._inbound_nodes[0].input_tensors)


def _close_names(name: str, names: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[-5:]
    return ", ".join(close) + (" ..." if len(names) > len(close) else "")
