"""Scaling is what Keras does for each of its backbones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.transform.scaling import SCALES, scale_pixels, unscale_pixels
from trainer.network.backbones import BACKBONES

# The module of keras.applications that each family's preprocess_input is in.
MODULES = {
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Large": "mobilenet_v3",
    "EfficientNetB0": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2",
    "ConvNeXtTiny": "convnext",
    "DenseNet121": "densenet",
    "InceptionV3": "inception_v3",
    "InceptionResNetV2": "inception_resnet_v2",
    "Xception": "xception",
    "NASNetMobile": "nasnet",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
}


@pytest.mark.parametrize("backbone", MODULES)
def test_scale_equals_preprocess_input(backbone: str) -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    preprocess_input = getattr(keras.applications, MODULES[backbone]).preprocess_input
    expected = preprocess_input(tf.constant(pixels))
    scaled = scale_pixels(tf.constant(pixels), BACKBONES[backbone].scale)
    np.testing.assert_allclose(scaled, expected, atol=1e-4)


@pytest.mark.parametrize("scale", SCALES)
def test_pixels_can_be_unscaled(scale: str) -> None:
    images = tf.constant(np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)), tf.float32)
    np.testing.assert_allclose(
        unscale_pixels(scale_pixels(images, scale), scale), images, atol=1e-3
    )
