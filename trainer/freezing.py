"""Which layers of a network a stage trains."""

import difflib

import keras

from components.errors import UserError
from trainer.stage_settings import Freeze


def find_first_trainable(network: keras.Model, freeze: Freeze) -> int:
    """The index of the first layer to train.

    Args:
        network: A functional model.
        freeze: `all`, `none`, a share of the layers (0.0 to 1.0), a number of layers (a negative
            one leaves so many to train), or the name of the first layer to train.

    Returns:
        An index into `network.layers`; their number where all are frozen.

    Raises:
        UserError: There are not so many layers, or none of that name.
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


def _close_names(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[-5:]
    return ", ".join(close) + (" ..." if len(names) > len(close) else "")
