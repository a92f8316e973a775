"""What the entries of `trainer.stages` refuse."""

import pytest
from pydantic import ValidationError

from trainer.stages.settings import OptimizerSettings, StageSettings


def test_a_rate_has_to_rise_within_the_stage() -> None:
    with pytest.raises(
        ValidationError,
        match=r"optimizer\.warmup_epochs: allowed: less than the epochs of the stage, "
        "which are 2",
    ):
        StageSettings(name="head", epochs=2, optimizer=OptimizerSettings(warmup_epochs=2))
    StageSettings(name="head", epochs=2, optimizer=OptimizerSettings(warmup_epochs=1.5))
    StageSettings(name="head", epochs=1)
