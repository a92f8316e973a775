"""Augmentation changes training images within their range, and can be off."""

import keras
import numpy as np
import pytest

from trainer.data.augmentation import build_augmentation
from trainer.settings import AugmentationSettings

EVERYTHING = AugmentationSettings(horizontal_flip=True, rotation=0.2, zoom=0.2, contrast=0.3)


def test_off_is_no_layer() -> None:
    assert AugmentationSettings().is_off
    assert build_augmentation(AugmentationSettings(), "tf", seed=1) == []


@pytest.mark.parametrize(("scale", "low", "high"), [("tf", -1, 1), ("raw", 0, 255)])
def test_images_change_and_stay_in_range(scale: str, low: float, high: float) -> None:
    images = np.random.default_rng(0).uniform(low, high, (4, 16, 16, 3)).astype(np.float32)
    model = keras.Sequential(build_augmentation(EVERYTHING, scale, seed=1))
    changed = keras.ops.convert_to_numpy(model(images, training=True))
    assert changed.shape == images.shape
    assert np.abs(changed - images).mean() > 0.01 * (high - low)
    assert low - 1e-3 <= changed.min() and changed.max() <= high + 1e-3
