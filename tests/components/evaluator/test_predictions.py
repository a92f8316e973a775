"""The record of each test image."""

from pathlib import Path

import numpy as np

from components.evaluator.predictions import (
    ComparedPrediction,
    build_prediction,
    from_json,
    write_predictions,
)

NAN = float("nan")


def features(label: str = "cats", values: dict | None = None) -> dict:
    return {"image/class/text": np.asarray([label.encode()], object), **(values or {})}


def test_all_features_of_the_example() -> None:
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
    built = build_prediction(given, {"dogs": 0.6, "cats": 0.4}, None, ["camera", "lens", "none"])
    assert (built.name, built.label, built.predicted) == ("ä/1.jpg", "cats", "dogs")
    assert (built.score, built.label_score, built.is_correct) == (0.6, 0.4, False)
    assert (built.format, built.height, built.width) == ("jpeg", 30, 40)
    assert built.features == {"camera": "A, B", "lens": "7", "none": None}
    assert built.compared is None


def test_missing_features_are_none() -> None:
    built = build_prediction(features(), {"cats": 1.0}, None)
    assert (built.name, built.format, built.height, built.features) == ("", None, None, None)
    assert built.is_correct


def test_a_class_that_the_candidate_does_not_know() -> None:
    built = build_prediction(features("birds"), {"cats": 1.0}, {"birds": 1.0})
    assert (built.label_score, built.is_correct, built.compared) == (0.0, False, None)


def test_models_are_compared_among_the_classes_that_both_know() -> None:
    # The candidate predicts wolf for the dog, the baseline fox: classes that only one knows.
    candidate = {"wolves": 0.5, "dogs": 0.3, "cats": 0.2}
    baseline = {"foxes": 0.6, "cats": 0.3, "dogs": 0.1}
    built = build_prediction(features("dogs"), candidate, baseline)
    assert built.predicted == "wolves"
    assert built.compared == ComparedPrediction(predicted="dogs", baseline_predicted="cats")
    assert build_prediction(features("wolves"), candidate, baseline).compared is None


def test_scores_that_are_not_finite_are_not_correct() -> None:
    built = build_prediction(features("cats"), {"cats": NAN, "dogs": NAN}, None)
    assert (built.predicted, built.score, built.label_score, built.is_correct) == (
        "cats",
        None,
        None,
        False,
    )


def test_written_predictions_read_back_unchanged(tmp_path: Path) -> None:
    given = [
        build_prediction(features(), {"cats": 0.25, "dogs": 0.75}, {"cats": 1.0}, ["x"]),
        build_prediction(features("ö\n"), {"cats": NAN}, None),
    ]
    write_predictions(given, str(tmp_path))
    lines = (tmp_path / "predictions.jsonl").read_text().splitlines()
    assert list(map(from_json, lines)) == given
