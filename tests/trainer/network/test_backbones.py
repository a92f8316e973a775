"""The table of backbones is that of keras.applications."""

import inspect

import keras
import pytest

from trainer.network.backbones import BACKBONES, build_backbone


def test_every_model_of_keras_is_in_the_table() -> None:
    models = {name for name, value in vars(keras.applications).items() if inspect.isfunction(value)}
    assert set(BACKBONES) == models


@pytest.mark.parametrize(
    "name", ["MobileNet", "MobileNetV2", "MobileNetV3Small", "ResNet50", "VGG16", "EfficientNetB0"]
)
def test_smallest_size_is_accepted(name: str) -> None:
    size = BACKBONES[name].min_image_size
    assert build_backbone(name, size).input_shape == (None, size, size, 3)


def test_alpha_makes_a_narrower_backbone() -> None:
    assert build_backbone("MobileNetV2", 32, 0.35).count_params() == 410_208
