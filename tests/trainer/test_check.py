"""Settings that do not fit each other are found, and the others build."""

from pathlib import Path
from typing import Any

import keras
import pytest

from trainer.check import check_training
from trainer.network.backbones import build_backbone
from trainer.network.settings import MisfitError, ModelSettings
from trainer.stages.settings import StageSettings, TrainerSettings

SMALL: dict[str, Any] = {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "none"}


def check(freeze: str | int | float = "all", image_size: int = 32, **model: Any) -> None:
    stages = (StageSettings(name="head", freeze=freeze),)
    check_training(ModelSettings(**{**SMALL, **model}), TrainerSettings(stages=stages), image_size)


@pytest.mark.parametrize("freeze", ["all", "auto", 0.5, -3, "block_4_expand"])
def test_what_fits_passes_and_leaves_no_trace(freeze: str | int | float) -> None:
    check(freeze, weights="bundled", output_layer="block_4_add")
    # Keras numbers layers without a name of their own.
    assert keras.layers.Dense(1).name == "dense"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"freeze": "block_99_expand"}, "freeze: the backbone has no layer 'block_99_expand'"),
        ({"freeze": 999}, "freeze: received 999; the backbone has"),
        ({"output_layer": "block_99_add"}, "model.output_layer: MobileNetV2 has no layer"),
        (
            {"backbone": "NASNetMobile", "alpha": None, "output_layer": "x"},
            "model.output_layer: NASNetMobile has no layer",
        ),
    ],
)
def test_layers_that_do_not_exist(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(MisfitError, match=message):
        check(**settings)


def test_weights_of_another_width(tmp_path: Path) -> None:
    file = tmp_path / "other.weights.h5"
    build_backbone("MobileNetV2", 32, 0.5).save_weights(file)
    with pytest.raises(MisfitError, match=r"other.weights.h5 does not fit MobileNetV2") as caught:
        check(weights=str(file))
    assert "exactly this backbone" in (caught.value.hint or "")
    check(weights=str(file), alpha=0.5)


def test_published_weights_of_another_width(shared_dir: Path) -> None:
    [file] = shared_dir.glob("weights/mobilenet_v2*_0.35_224_no_top.h5")
    check(weights=str(file))
    for width in (1.0, 0.5):
        with pytest.raises(MisfitError, match="does not fit MobileNetV2"):
            check(weights=str(file), alpha=width)


def test_a_width_that_imagenet_does_not_have() -> None:
    with pytest.raises(MisfitError, match="alpha must be one of"):
        check(weights="imagenet", alpha=0.6, image_size=224)
