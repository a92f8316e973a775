"""The table of nodes: every node has its row, and its facts make every view."""

from typing import Any

import pytest

from pipeline.nodes import NODES, parse_facts


@pytest.mark.parametrize(
    ("component", "facts", "text"),
    [
        (
            "ImageExampleGen",
            {
                "found": 2002,
                "quarantined": 3,
                "quarantined_by_reason": {"two_labels": 1, "truncated": 2},
                "splits": {"train": 1400, "test": 301},
                "span": 7,
            },
            "2,002 images, 3 quarantined (2 truncated, 1 two labels), span 7; "
            "train 1,400, test 301",
        ),
        ("ImageExampleGen", {"found": 1, "quarantined": 0}, "1 image"),
        (
            "ImageExampleGen",
            {
                "found": 9,
                "quarantined": 9,
                "quarantined_by_reason": {"a": 3, "b": 3, "c": 1, "d": 1, "e": 1},
            },
            "9 images, 9 quarantined (3 a, 3 b, 1 c, 2 other)",
        ),
        (
            "ImageExampleGen",
            {"found": 20, "copies": 3, "quarantined": 1},
            "20 images, 3 of them copies, 1 quarantined",
        ),
        (
            "ImageExampleGen",
            {"found": 20, "near_duplicates": 1, "near_duplicates_across_splits": 1},
            "20 images, 1 near-duplicate pair (1 across splits)",
        ),
        (
            "ImageExampleGen",
            {"found": 20, "converted": {"HEIC": 3, "WebP": 12}, "first_frames": 2},
            "20 images; converted: 12 WebP, 3 HEIC; first frame of 2",
        ),
        ("ExampleCheck", {"anomalies": []}, "no anomalies"),
        ("ExampleCheck", {"anomalies": ["new label x"]}, "anomaly: new label x"),
        ("ExampleCheck", {"anomalies": ["a", "b"]}, "anomalies: a (and 1 more)"),
        ("Transform", {"classes": 2, "image_size": 64}, "2 classes, 64 x 64 pixels"),
        (
            "Trainer",
            {"stages": [{"name": "head", "epochs": 1, "validation_accuracy": 0.9}]},
            "validation accuracy: head 0.900 (1 epoch)",
        ),
        ("Baseline", {"baseline": None}, "none yet"),
        ("Evaluator", {"test_accuracy": 0.98, "blessed": True}, "test accuracy 0.980, blessed"),
        ("Evaluator", {"test_accuracy": 0.9, "blessed": False, "reasons": ["x"]}, "refused: x"),
        ("Pusher", {"pushed": True, "version": 3}, "version 3"),
        ("Pusher", {"pushed": False, "version": None}, "nothing pushed"),
        ("StatisticsGen", {}, ""),
        ("SomethingNew", {"a": 1}, ""),
    ],
)
def test_headline(component: str, facts: dict[str, Any], text: str) -> None:
    assert parse_facts(component, facts).headline() == text


@pytest.mark.parametrize("component", NODES)
def test_any_fact_may_be_missing(component: str) -> None:
    assert parse_facts(component, {}).headline() == ""
    assert isinstance(NODES[component].facts().headline(), str)
    assert all(
        isinstance(value, int | None) for value in NODES[component].facts().metrics().values()
    )
