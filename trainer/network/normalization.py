"""Normalization layers after their weights were set. Only EfficientNet's have weights.

    backbone.set_weights(weights)
    use_normalization_weights(backbone)

Keras 3.12's Normalization computes with constants, derived from its weights when it is built and
when Keras itself loads a file; `set_weights` and `assign` do not change them.
"""

from collections.abc import Iterator

import keras
import numpy as np

# EfficientNet's images were divided by these, see keras.applications.efficientnet.
_IMAGENET_DEVIATIONS = np.array([0.229, 0.224, 0.225], np.float32)


def use_normalization_weights(model: keras.Model) -> None:
    """Makes Normalization layers compute with their present weights."""
    for layer in _normalizations(model):
        layer.finalize_state()


def square_published_deviations(model: keras.Model, *, is_imagenet: bool) -> None:
    """Corrects EfficientNet's published weights for a backbone that was built without them.

    As published, they hold standard deviations where the layer reads variances
    (github.com/tensorflow/tensorflow/issues/49930). Keras corrects this with an extra layer,
    only for `weights="imagenet"`, which divides by the deviations' roots. Here the weights get
    their squares, so that the network has the same layers wherever its weights come from.

    Args:
        model: Changed in place.
        is_imagenet: Whether Keras loaded the weights for `imagenet`; other weights are treated
            alike if they hold the published deviations.
    """
    for layer in _normalizations(model):
        _, variance, *_ = layer.weights
        if is_imagenet or np.allclose(variance.numpy(), _IMAGENET_DEVIATIONS, atol=1e-6):
            variance.assign(variance.numpy() * _IMAGENET_DEVIATIONS)
    use_normalization_weights(model)


def _normalizations(model: keras.Model) -> Iterator[keras.layers.Normalization]:
    for layer in model.layers:
        # Others (EfficientNetV2's, ConvNeXt's) have constants, not weights.
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            yield layer
