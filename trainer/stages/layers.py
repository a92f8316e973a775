"""What a stage trains: a sentence, numbers, and a table of the layers."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from trainer.network.network import Network
from trainer.stages.settings import StageSettings


@dataclass(frozen=True)
class StageDescription:
    """What a stage trains.

    Attributes:
        text: One sentence.
        numbers: `layers` and `trainable_layers` of the backbone (pooling included),
            `total_parameters` and `trainable_parameters` of backbone and head.
    """

    text: str
    numbers: dict[str, Any]


def describe_stage(stage: StageSettings, network: Network) -> StageDescription:
    """Counts what is trainable now, with layers frozen for the stage."""
    layers = network.body.layers
    trained = [layer for layer in layers if layer.trainable]
    parts = (network.body, network.head)
    numbers = {
        "layers": len(layers),
        "trainable_layers": len(trained),
        "total_parameters": sum(_count(part.weights) for part in parts),
        "trainable_parameters": sum(_count(part.trainable_weights) for part in parts),
    }
    what = f"the head and {len(trained)} of {len(layers)} layers" if trained else "the head"
    where = f", from {trained[0].name} on" if 0 < len(trained) < len(layers) else ""
    share = f"{numbers['trainable_parameters']:,} of {numbers['total_parameters']:,} parameters"
    return StageDescription(f"{stage.name}: trains {what}{where} ({share})", numbers)


def layer_table(network: Network) -> str:
    """Every layer with its output shape and parameters, as plain text, from the input on.

    Layers are numbered as for `freeze`.
    """
    rows = [("", "layer", "kind", "output", "parameters")]
    for number, layer in enumerate([*network.body.layers, *network.head.layers]):
        index = str(number) if number < len(network.body.layers) else "head"
        shape = " x ".join("batch" if size is None else str(size) for size in layer.output.shape)
        rows.append((index, layer.name, type(layer).__name__, shape, f"{layer.count_params():,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (
        "  ".join([row[0].rjust(widths[0]), *map(str.ljust, row[1:4], widths[1:4])])
        + "  "
        + row[4].rjust(widths[4])
        for row in rows
    )
    return "\n".join(lines) + "\n"


def _count(variables: list[keras.Variable]) -> int:
    return int(sum(np.prod(variable.shape) for variable in variables))
