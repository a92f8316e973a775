"""`freeze: auto` becomes a share of the layers, with its reason."""

from trainer.decide_freeze import decide_freeze
from trainer.model_settings import ModelSettings
from trainer.network import Network
from trainer.settings import TrainerSettings
from trainer.stage_model import Pictures
from trainer.stage_settings import StageSettings

PRETRAINED = ModelSettings(backbone="MobileNetV2", alpha=0.35, weights="bundled")
AUTO = TrainerSettings(
    stages=(
        StageSettings(name="head"),
        StageSettings(name="fine-tune", freeze="auto"),
        StageSettings(name="last", freeze=0.1),
    )
)


def test_only_auto_is_replaced(network: Network, pictures: Pictures) -> None:
    decided, reasons = decide_freeze(AUTO, PRETRAINED, network, pictures.train, pictures.parse)
    # Even random convolutions tell red from blue.
    assert [stage.freeze for stage in decided.stages] == ["all", 1.0, 0.1]
    assert list(reasons) == ["fine-tune"]
    assert "few pictures (20 a class" in reasons["fine-tune"]
    assert "similar to" in reasons["fine-tune"]


def test_random_weights_are_similar_to_nothing(network: Network, pictures: Pictures) -> None:
    model = PRETRAINED.model_copy(update={"weights": "none"})
    decided, reasons = decide_freeze(AUTO, model, network, pictures.train, pictures.parse)
    assert decided.stages[1].freeze == 0.4
    assert "similarity 0.00" in reasons["fine-tune"]


def test_what_is_not_auto_is_not_measured(network: Network, pictures: Pictures) -> None:
    settings = TrainerSettings()
    assert decide_freeze(settings, PRETRAINED, network, pictures.train, pictures.parse) == (
        settings,
        {},
    )
