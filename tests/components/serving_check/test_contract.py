"""What an answer must look like, and what is said of one that does not."""

from typing import Any

import numpy as np
import pytest

from components.serving_check.contract import Outputs, find_problem, is_same


def _answer(**changes: Any) -> Outputs:
    answer = {
        "scores": np.asarray([[0.25, 0.75], [0, 0]], np.float32),
        "classes": np.asarray([["cat", "dog"]] * 2, object),
        "label": np.asarray(["dog", ""], object),
        "valid": np.asarray([True, False]),
    }
    return {**answer, **changes}


def test_a_good_answer_has_no_problem() -> None:
    assert find_problem(_answer(), 2, ("cat", "dog")) is None
    nothing = {name: array[:0] for name, array in _answer().items()}
    assert find_problem(nothing, 0, ("cat", "dog")) is None


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
            "its classes are not those of the Trainer, or in another order",
        ),
        (
            {"scores": np.asarray([[np.nan, 1], [0, 0]], np.float32)},
            "some scores are no numbers",
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
def test_what_is_wrong_is_named(changes: dict[str, Any], problem: str) -> None:
    assert find_problem(_answer(**changes), 2, ("cat", "dog")) == problem


def test_a_missing_output_is_named() -> None:
    answer = _answer()
    del answer["label"]
    assert find_problem(answer, 2, None) == "serving_default has no output 'label'"


def test_answers_are_the_same_to_the_bit() -> None:
    assert is_same(_answer(), _answer())
    nearly = _answer()["scores"].copy()
    nearly[0, 0] = np.nextafter(nearly[0, 0], np.float32(1))
    assert not is_same(_answer(), _answer(scores=nearly))
    assert not is_same(_answer(), _answer(label=np.asarray(["dog", "dog"], object)))
    assert not is_same(_answer(), {"scores": _answer()["scores"]})
