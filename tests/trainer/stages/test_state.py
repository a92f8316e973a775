"""What a finished stage shows about its settings."""

import pytest

from trainer.stages.state import StageState


def finished(accuracies: list[float], best: int) -> StageState:
    return StageState(epoch=len(accuracies), history={"val_accuracy": accuracies}, best_epoch=best)


def test_a_stage_that_was_still_improving() -> None:
    assert finished([0.8, 0.9, 0.95], best=3).advice("head", epochs=3) == (
        "stage head was still improving in its last epoch (validation accuracy 0.900 to 0.950): "
        "more epochs may help"
    )


def test_a_stage_that_gained_nothing() -> None:
    assert finished([0.8, 0.7], best=0).advice("fine-tune", epochs=2) == (
        "stage fine-tune gained nothing: on the validation split no epoch was better than the "
        "weights from before it, which are kept"
    )


@pytest.mark.parametrize(
    ("accuracies", "best", "epochs"),
    [
        ([0.8, 0.9, 0.9], 2, 3),
        ([0.8, 0.9], 2, 5),  # Ended early.
        ([0.9, 0.9], 2, 2),  # The loss was lower, the accuracy the same.
        ([0.9], 1, 1),  # One epoch shows no trend.
        ([], 0, 0),
    ],
)
def test_nothing_to_say(accuracies: list[float], best: int, epochs: int) -> None:
    assert finished(accuracies, best).advice("head", epochs) is None
