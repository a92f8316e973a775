"""The contract of the outputs, and the messages about violations."""

from typing import Any

import numpy as np
import pytest

from components.serving_check.contract import Outputs, find_problem, is_same


def _outputs(**changes: Any) -> Outputs:
    outputs = {
        "scores": np.asarray([[0.25, 0.75], [0, 0]], np.float32),
        "classes": np.asarray([["cat", "dog"]] * 2, object),
        "label": np.asarray(["dog", ""], object),
        "valid": np.asarray([True, False]),
    }
    return {**outputs, **changes}


def test_good_outputs_have_no_problem() -> None:
    assert find_problem(_outputs(), 2, ("cat", "dog")) is None
    empty = {name: array[:0] for name, array in _outputs().items()}
    assert find_problem(empty, 0, ("cat", "dog")) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"scores": np.zeros((2, 2))}, "output 'scores' is of type float64, not float32"),
        (
            {"scores": np.zeros((3, 2), np.float32)},
            "output 'scores' has the shape [3, 2], not [2, classes]",
        ),
        (
            {"classes": np.asarray(["cat", "dog"], object)},
            "output 'classes' has the shape [2], not [2, 2]",
        ),
        ({"valid": np.asarray([[True]])}, "output 'valid' has the shape [1, 1], not [2]"),
        (
            {"classes": np.asarray([["dog", "cat"]] * 2, object)},
            "its classes or their order differ from the Trainer's",
        ),
        (
            {"scores": np.asarray([[np.nan, 1], [0, 0]], np.float32)},
            "some scores are not finite",
        ),
        (
            {"scores": np.asarray([[-3.5, 7.25], [0, 0]], np.float32)},
            "the scores of an image do not add up to 1",
        ),
        (
            {"label": np.asarray(["cat", ""], object)},
            "a label is not the class of the highest score",
        ),
    ],
)
def test_violations_are_described(changes: dict[str, Any], problem: str) -> None:
    assert find_problem(_outputs(**changes), 2, ("cat", "dog")) == problem


def test_a_missing_output() -> None:
    outputs = _outputs()
    del outputs["label"]
    assert find_problem(outputs, 2, None) == "serving_default has no output 'label'"


def test_outputs_are_compared_bit_for_bit() -> None:
    assert is_same(_outputs(), _outputs())
    nearly = _outputs()["scores"].copy()
    nearly[0, 0] = np.nextafter(nearly[0, 0], np.float32(1))
    assert not is_same(_outputs(), _outputs(scores=nearly))
    assert not is_same(_outputs(), _outputs(label=np.asarray(["dog", "dog"], object)))
    assert not is_same(_outputs(), {"scores": _outputs()["scores"]})
