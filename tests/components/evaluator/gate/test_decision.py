"""The decision and its reasons, at every bound."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.evaluator.gate.comparison import compare
from components.evaluator.gate.decision import decide, worst_images, write_decision
from components.evaluator.gate.training_images import image_ids
from components.evaluator.gate.unseen import leave_out_seen
from components.evaluator.predictions import Prediction
from components.evaluator.settings import GateSettings
from tests.fakes.models.predictions import paired, prediction, predictions

CLASSES = ["cats", "dogs"]


def gate(**settings: Any) -> GateSettings:
    return GateSettings(**{"min_accuracy": 0.5, **settings})


def decide_on(images: list[Prediction], settings: GateSettings) -> dict[str, Any]:
    comparison = compare(images)
    unseen = leave_out_seen(images, None, image_ids(()))
    return decide(unseen, settings, CLASSES, comparison)


@pytest.mark.parametrize(("right", "is_blessed"), [(18, True), (17, False)])
def test_lowest_accuracy(right: int, is_blessed: bool) -> None:
    images = predictions(("cats", "cats", right), ("cats", "dogs", 20 - right))
    decision = decide_on(images, gate(min_accuracy=0.9))
    assert decision["blessed"] is is_blessed
    assert decision["reasons"] == (
        [] if is_blessed else ["test accuracy 0.850 is below gate.min_accuracy 0.9 by 0.050"]
    )


def test_min_accuracy_bounds_the_accuracy_not_its_interval() -> None:
    decision = decide_on(predictions(("cats", "cats", 18), ("cats", "dogs", 2)), gate())
    low, high = decision["interval"]
    assert low < decision["test_accuracy"] == 0.9 < high
    assert decide_on(
        predictions(("cats", "cats", 18), ("cats", "dogs", 2)), gate(min_accuracy=0.9)
    )["blessed"]


def test_one_class_at_0_is_refused_despite_the_accuracy() -> None:
    images = predictions(("cats", "cats", 97), ("dogs", "cats", 3))
    assert decide_on(images, gate(min_accuracy=0.95))["blessed"]
    decision = decide_on(images, gate(min_accuracy=0.95, min_recall=0.5))
    assert not decision["blessed"]
    assert decision["reasons"] == [
        "recall of dogs 0.000 (0 of 3) is below gate.min_recall 0.5 by 0.500"
    ]


@pytest.mark.parametrize(("correct", "is_blessed"), [(4, True), (3, False)])
def test_lowest_recall(correct: int, is_blessed: bool) -> None:
    images = predictions(
        ("cats", "cats", 50), ("dogs", "dogs", correct), ("dogs", "cats", 5 - correct)
    )
    assert decide_on(images, gate(min_recall=0.8))["blessed"] is is_blessed


def test_many_classes_below_the_bound_are_counted() -> None:
    images = predictions(*((f"class-{n}", "cats", 2) for n in range(8)), ("cats", "cats", 99))
    reasons = decide_on(images, gate(min_recall=0.1))["reasons"]
    assert len(reasons) == 6
    assert reasons[-1] == "recall of 3 more classes is below gate.min_recall"


def test_a_class_without_test_images_is_noted() -> None:
    decision = decide_on(predictions(("cats", "cats", 5)), gate(min_recall=0.5))
    assert decision["blessed"]
    assert decision["classes"]["dogs"] == {"recall": None, "precision": None, "examples": 0}
    assert decision["notes"] == [
        "gate.min_recall was not checked for dogs: the test split has no such image"
    ]
    assert decide_on(predictions(("cats", "cats", 5)), gate())["notes"] == []


@pytest.mark.parametrize(("bound", "is_blessed"), [(0.2, True), (0.19, False)])
def test_largest_calibration_error(bound: float, is_blessed: bool) -> None:
    # Half of them correct, with a score of 0.7.
    images = predictions(("cats", "cats", 10), ("cats", "dogs", 10), score=0.7)
    decision = decide_on(images, gate(max_calibration_error=bound))
    assert decision["calibration_error"] == pytest.approx(0.2)
    assert decision["blessed"] is is_blessed
    if not is_blessed:
        assert decision["reasons"] == [
            "calibration error 0.200 is above gate.max_calibration_error 0.19 by 0.010"
        ]


def test_a_loss_beyond_noise_is_refused() -> None:
    decision = decide_on(paired(both=1800, gained=20, lost=100, neither=80), gate())
    assert not decision["blessed"]
    assert decision["reasons"] == [
        "test accuracy 0.910 is 0.040 below the baseline (0.950); gate.max_drop "
        "allows 0.01, and noise does not explain the rest (95% interval of the change: "
        "-0.051 to -0.030; gate.loss_confidence is 0.8)"
    ]
    assert decision["change"] == pytest.approx(-0.04)
    assert decision["change_interval"] == pytest.approx([-0.0511, -0.0296], abs=5e-5)


# 0.775 where the baseline has 0.875, on 40 images: the 95% interval of the change includes no loss.
FEW_IMAGES = paired(both=29, gained=2, lost=6, neither=3)
# As good as the baseline, on 300.
EQUAL = paired(both=279, gained=6, lost=6, neither=9)


def test_a_clear_loss_on_few_images_is_refused() -> None:
    decision = decide_on(FEW_IMAGES, gate())
    low, high = decision["change_interval"]
    assert decision["change"] == pytest.approx(-0.1) and low < -0.2 and high > 0
    assert not decision["blessed"] and decision["change_verdict"] == "worse"
    assert decide_on(FEW_IMAGES, gate(loss_confidence=0.975))["blessed"]


def test_what_is_not_shown_is_warned_of() -> None:
    decision = decide_on(EQUAL, gate())
    assert decision["blessed"] and decision["change_verdict"] == "uncertain"
    assert decision["warning"] == (
        "a loss of more than gate.max_drop 0.01 against the baseline is not ruled out: the change "
        "is -0.026 to +0.026 (95% interval) on 300 test images, on which a true loss of 0.032 "
        "would be refused in 8 of 10 nights; about 2,000 test images would decide it"
    )
    assert decision["detectable_drop"] == pytest.approx(0.032, abs=0.001)


def test_when_uncertain() -> None:
    decision = decide_on(EQUAL, gate(when_uncertain="release"))
    assert decision["blessed"] and decision["warning"] is None
    decision = decide_on(EQUAL, gate(when_uncertain="refuse"))
    [reason] = decision["reasons"]
    assert not decision["blessed"] and decision["warning"] is None
    assert reason.startswith("a loss of more than gate.max_drop 0.01 against the baseline is not")
    assert reason.endswith("; gate.when_uncertain is refuse")


@pytest.mark.parametrize("when_uncertain", ["refuse", "warn", "release"])
def test_a_model_that_is_shown_to_be_no_worse_is_blessed(when_uncertain: str) -> None:
    images = paired(both=1940, gained=10, lost=10, neither=40)
    decision = decide_on(images, gate(when_uncertain=when_uncertain))
    assert decision["blessed"] and decision["change_verdict"] == "no_worse"
    assert decision["warning"] is None and decision["images_to_decide"] is None


@pytest.mark.parametrize(
    ("table", "verdict"), [((279, 6, 6, 9), "no_worse"), ((270, 6, 11, 13), "worse")]
)
def test_images_that_would_decide_do(table: tuple[int, ...], verdict: str) -> None:
    def times(factor: int) -> list[Prediction]:
        return paired(*(factor * number for number in table))

    number = decide_on(times(1), gate())["images_to_decide"]
    needed = -(-number // 300)
    assert decide_on(times(needed), gate())["change_verdict"] == verdict
    assert decide_on(times(needed // 2), gate())["change_verdict"] == "uncertain"


def test_a_bound_that_is_met_with_confidence() -> None:
    images = predictions(("cats", "cats", 96), ("cats", "dogs", 4))
    assert decide_on(images, gate(min_accuracy=0.95))["blessed"]
    [reason] = decide_on(images, gate(min_accuracy=0.95, min_accuracy_confidence=0.9))["reasons"]
    assert reason == (
        "test accuracy 0.960 on 100 images shows only 0.927 with a confidence of 0.9 "
        "(gate.min_accuracy_confidence), which is below gate.min_accuracy 0.95"
    )
    assert decide_on(images, gate(min_accuracy=0.92, min_accuracy_confidence=0.9))["blessed"]


def test_every_reason_is_listed() -> None:
    images = paired(both=5, gained=0, lost=15, neither=0)
    settings = gate(min_accuracy=0.9, min_recall=0.9, max_calibration_error=0.1)
    reasons = decide_on(images, settings)["reasons"]
    words = ["min_accuracy", "min_recall", "max_calibration_error", "max_drop"]
    assert [word for reason in reasons for word in words if f"gate.{word}" in reason] == words


def test_scores_that_are_not_finite_are_refused() -> None:
    images = [*predictions(("cats", "cats", 99)), prediction("cats", "cats", score=None)]
    decision = decide_on(images, gate())
    assert not decision["blessed"] and decision["test_accuracy"] == 0.99
    assert decision["reasons"] == ["the scores of 1 of 100 test images are not finite"]


@pytest.mark.parametrize(
    ("images", "text"),
    [
        (
            paired(both=1904, gained=20, lost=10, neither=66),
            "0.962 (0.953 to 0.970) on 2,000 images, baseline 0.957: blessed",
        ),
        (
            predictions(("cats", "cats", 1)),
            "1.000 (0.207 to 1.000) on 1 image, no baseline: blessed",
        ),
        (
            predictions(("cats", "dogs", 9), ("cats", "cats", 1)),
            "0.100 (0.018 to 0.404) on 10 images, no baseline: refused",
        ),
        (
            [*paired(both=10, gained=0, lost=0, neither=0), *predictions(("dogs", "cats", 10))],
            "0.500 (0.299 to 0.701) on 20 images, baseline 1.000 against 1.000 on 10 of them: "
            "blessed",
        ),
    ],
)
def test_the_decision_in_one_line(images: list[Prediction], text: str) -> None:
    assert decide_on(images, gate())["text"] == text


def test_confusion_matrix_and_classes() -> None:
    images = predictions(
        ("cats", "cats", 3), ("cats", "dogs", 1), ("dogs", "dogs", 2), ("birds", "dogs", 1)
    )
    decision = decide_on(images, gate())
    assert decision["confusion_matrix"] == {
        "classes": ["cats", "dogs", "birds"],
        "counts": [[3, 1, 0], [0, 2, 0], [0, 1, 0]],
    }
    assert decision["classes"]["cats"] == {"recall": 0.75, "precision": 1.0, "examples": 4}
    assert decision["classes"]["dogs"] == {"recall": 1.0, "precision": 0.5, "examples": 2}
    # Only the test split has birds: the model cannot predict them, and that counts against it.
    assert decision["classes"]["birds"] == {"recall": 0.0, "precision": None, "examples": 1}
    assert decision["test_accuracy"] == pytest.approx(5 / 7)


def test_the_ten_worst_images() -> None:
    images = [
        prediction("cats", "dogs", name="sure", score=0.99, label_score=0.01),
        prediction("cats", "dogs", name="unsure", score=0.51, label_score=0.49),
        prediction("cats", "cats", name="correct", score=0.4, label_score=0.4),
        *predictions(("dogs", "dogs", 20)),
    ]
    worst = worst_images(images)
    assert [w["name"] for w in worst[:3]] == ["sure", "unsure", "correct"]
    assert len(worst) == 10
    assert worst[0] == {
        "name": "sure",
        "label": "cats",
        "predicted": "dogs",
        "score": 0.99,
        "label_score": 0.01,
    }


def test_the_file_is_json_with_one_key_per_line(tmp_path: Path) -> None:
    decision = decide_on(predictions(("cats", "cats", 3)), gate())
    write_decision(decision, str(tmp_path))
    text = (tmp_path / "decision.json").read_text()
    assert json.loads(text) == decision
    assert len(text.splitlines()) == len(decision) + 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_recall": 0}, "greater than 0"),
        ({"max_calibration_error": 2}, "less than or equal to 1"),
        ({"confidence": 1}, "less than 1"),
        ({"slices": ["class", "class"]}, "class is a duplicate; keep one"),
        ({"slices": [""]}, "at least 1 character"),
    ],
)
def test_invalid_settings(settings: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        gate(**settings)
