"""Weights come from where the settings say, or an error says what is allowed."""

from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.network.backbones import build_backbone
from trainer.network.settings import ModelSettings
from trainer.network.weights import WeightsError, fingerprint_weights, load_weights


def test_bundled_weights_are_loaded() -> None:
    settings = ModelSettings(backbone="MobileNetV2", alpha=0.35, weights="bundled")
    backbone = build_backbone("MobileNetV2", 32, 0.35)
    before = backbone.get_weights()
    load_weights(backbone, settings, 32)
    assert any((old != new).any() for old, new in zip(before, backbone.get_weights(), strict=True))


def test_keras_own_file_is_loaded(shared_dir: Path) -> None:
    file = shared_dir / "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    backbone = build_backbone("MobileNetV2", 96, 0.35)
    load_weights(backbone, ModelSettings(alpha=0.35, weights=str(file)), 96)
    expected = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, weights=str(file), input_shape=(96, 96, 3)
    )
    for ours, theirs in zip(backbone.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_backbone_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.weights.h5"
    build_backbone("MobileNetV2", 32, 0.5).save_weights(file)
    backbone = build_backbone("MobileNetV2", 32, 0.35)
    with pytest.raises(WeightsError, match=r"does not fit MobileNetV2 with alpha 0.35") as caught:
        load_weights(backbone, ModelSettings(alpha=0.35, weights=str(file)), 32)
    assert caught.value.hint and "no_top" in caught.value.hint


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.h5"
    file.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="does not fit MobileNetV2"):
        load_weights(build_backbone("MobileNetV2", 32), ModelSettings(weights=str(file)), 32)


def test_imagenet_offline_names_the_file_and_the_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Exception(
            "URL fetch failure on https://example.org/keras/mobilenet_v2_1.0_224_no_top.h5: "
            "None -- [Errno -2] Name or service not known"
        )

    monkeypatch.setattr(keras.applications, "MobileNetV2", refuse)
    backbone = keras.Sequential()
    with pytest.raises(WeightsError, match="could not be downloaded") as caught:
        load_weights(backbone, ModelSettings(weights="imagenet"), 224)
    assert caught.value.hint is not None
    assert "mobilenet_v2_1.0_224_no_top.h5" in caught.value.hint
    assert ".keras/models" in caught.value.hint


def test_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "some.h5"
    file.write_bytes(b"1")
    settings = ModelSettings(weights=str(file))
    first = fingerprint_weights(settings)
    file.write_bytes(b"2")
    assert first != fingerprint_weights(settings)
