"""Whether what a frozen part puts out is worth its room."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

_WORTH_A_NUMBER = 1000
"""Multiplications that cost as much as a stored number: its 4 bytes take 20 ns to read from a disk
of 200 MB/s, in which time a few CPU cores make about 1,000 at 50 a nanosecond."""


def is_worth_storing(network: "keras.Model", boundary: int) -> bool:
    """Whether features are smaller than the pictures, or take long enough to compute.

    The lowest layers put out several times what they read, for little work. Of 224 pixels, ResNet50
    puts out 5.3 times the picture's numbers at 20 % of its layers, and 1.3 times at 70 %; VGG16
    2.7 times at 70 %; MobileNetV2 (160 pixels) 3.2 times at 20 %, and an eighth at 70 %. Stored are
    all of these but the first of ResNet50 and MobileNetV2.

    Args:
        network: A functional model of pictures.
        boundary: Index of the layer whose output would be stored.
    """
    features = math.prod(network.layers[boundary].output.shape[1:])
    if features < math.prod(network.input_shape[1:]):
        return True
    return _count_multiplications(network.layers[: boundary + 1]) >= _WORTH_A_NUMBER * features


def _count_multiplications(layers: "list[keras.Layer]") -> int:
    """How many a picture takes: each kernel is applied at each position of the layer's output."""
    return sum(
        math.prod(weight.shape) * math.prod(layer.output.shape[1:-1])
        for layer in layers
        for weight in layer.weights
        if len(weight.shape) > 1
    )
