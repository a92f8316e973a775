"""Features are stored unless they are large and quick to compute."""

import keras
import pytest

from trainer.worth_storing import is_worth_storing


def build(*convolutions: tuple[int, int]) -> keras.Model:
    """Convolutions of 3 x 3 over 64 pixels, each of so many channels and so large a stride."""
    outputs = inputs = keras.Input((64, 64, 3))
    for channels, stride in convolutions:
        outputs = keras.layers.Conv2D(channels, 3, stride, "same")(outputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    ("convolutions", "worth"),
    [
        # Four times the picture's numbers, each of 27 multiplications.
        ([(12, 1)], False),
        # As few multiplications, but 11 numbers where the picture has 12.
        ([(11, 2)], True),
        ([(12, 2)], False),
        # Each of 27 x 128 / 12 + 9 x 128 multiplications.
        ([(128, 1), (12, 1)], True),
    ],
    ids=["large", "smaller", "equal", "costly"],
)
def test_large_features_are_worth_it_where_they_are_costly(
    convolutions: list[tuple[int, int]], worth: bool
) -> None:
    assert is_worth_storing(build(*convolutions), len(convolutions)) == worth


def test_layers_above_do_not_count() -> None:
    network = build((12, 1), (512, 1), (512, 1))
    assert [is_worth_storing(network, boundary) for boundary in (1, 2, 3)] == [False, False, True]
