"""Normalization layers after their weights were set: EfficientNet's, the only ones that have any.

    backbone.set_weights(weights)
    use_normalization_weights(backbone)

Keras 3.12's Normalization computes with constants that it makes of its weights when it is built and
when Keras itself loads a file; `set_weights` and `assign` change nothing of what it computes.
"""

from collections.abc import Iterator

import keras
import numpy as np

# What EfficientNet's images were divided by, see keras.applications.efficientnet.
_IMAGENET_DEVIATIONS = np.array([0.229, 0.224, 0.225], np.float32)


def use_normalization_weights(model: keras.Model) -> None:
    """Has Normalization layers compute with the weights that they have now."""
    for layer in _normalizations(model):
        layer.finalize_state()


def square_published_deviations(model: keras.Model, *, is_imagenet: bool) -> None:
    """Makes EfficientNet's published weights right for a backbone that was built without them.

    As published, they hold standard deviations where the layer reads variances
    (github.com/tensorflow/tensorflow/issues/49930). Keras makes up for it with one more layer,
    which it adds for `weights="imagenet"` only: it divides by the deviations' roots. Here their
    squares go into the weights, so that the network has the same layers wherever its weights are
    from.

    Args:
        model: Changed in place.
        is_imagenet: Whether the weights are those that Keras gives for `imagenet`; other weights
            are taken for those if they hold the published deviations.
    """
    for layer in _normalizations(model):
        _, variance, *_ = layer.weights
        if is_imagenet or np.allclose(variance.numpy(), _IMAGENET_DEVIATIONS, atol=1e-6):
            variance.assign(variance.numpy() * _IMAGENET_DEVIATIONS)
    use_normalization_weights(model)


def _normalizations(model: keras.Model) -> Iterator[keras.layers.Normalization]:
    for layer in model.layers:
        # Others (EfficientNetV2's, ConvNeXt's) were given constants, and have no weights.
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            yield layer
