"""What is kept of each test image."""

from pathlib import Path

import numpy as np

from components.evaluator.predictions import (
    Compared,
    build_prediction,
    from_json,
    write_predictions,
)

NAN = float("nan")


def features(label: str = "cats", values: dict | None = None) -> dict:
    return {"image/class/text": np.asarray([label.encode()], object), **(values or {})}


def test_everything_that_the_example_says() -> None:
    given = features(
        values={
            "image/filename": np.asarray(["ä/1.jpg".encode()], object),
            "image/format": np.asarray([b"jpeg"], object),
            "image/height": np.asarray([30]),
            "image/width": np.asarray([40]),
            "camera": np.asarray([b"A", b"B"], object),
            "lens": np.asarray([7]),
        }
    )
    found = build_prediction(given, {"dogs": 0.6, "cats": 0.4}, None, ["camera", "lens", "none"])
    assert (found.name, found.label, found.predicted) == ("ä/1.jpg", "cats", "dogs")
    assert (found.score, found.label_score, found.is_right) == (0.6, 0.4, False)
    assert (found.format, found.height, found.width) == ("jpeg", 30, 40)
    assert found.features == {"camera": "A, B", "lens": "7", "none": None}
    assert found.compared is None


def test_what_the_example_does_not_say() -> None:
    found = build_prediction(features(), {"cats": 1.0}, None)
    assert (found.name, found.format, found.height, found.features) == ("", None, None, None)
    assert found.is_right


def test_class_that_the_candidate_does_not_know() -> None:
    found = build_prediction(features("birds"), {"cats": 1.0}, {"birds": 1.0})
    assert (found.label_score, found.is_right, found.compared) == (0.0, False, None)


def test_models_are_compared_among_the_classes_that_both_know() -> None:
    # The candidate takes the dog for a wolf, the baseline for a fox: neither is asked that.
    candidate = {"wolves": 0.5, "dogs": 0.3, "cats": 0.2}
    baseline = {"foxes": 0.6, "cats": 0.3, "dogs": 0.1}
    found = build_prediction(features("dogs"), candidate, baseline)
    assert found.predicted == "wolves"
    assert found.compared == Compared(predicted="dogs", baseline_predicted="cats")
    assert build_prediction(features("wolves"), candidate, baseline).compared is None


def test_scores_that_are_no_numbers_are_not_right() -> None:
    found = build_prediction(features("cats"), {"cats": NAN, "dogs": NAN}, None)
    assert (found.predicted, found.score, found.label_score, found.is_right) == (
        "cats",
        None,
        None,
        False,
    )


def test_file_gives_back_what_it_was_given(tmp_path: Path) -> None:
    given = [
        build_prediction(features(), {"cats": 0.25, "dogs": 0.75}, {"cats": 1.0}, ["x"]),
        build_prediction(features("ö\n"), {"cats": NAN}, None),
    ]
    write_predictions(given, str(tmp_path))
    lines = (tmp_path / "predictions.jsonl").read_text().splitlines()
    assert list(map(from_json, lines)) == given
