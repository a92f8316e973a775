"""The model card."""

import json
from pathlib import Path

import numpy as np

from components.pusher.model_card import build_model_card, library_versions, read_data
from components.pusher.saved_model import ModelFacts

FACTS = ModelFacts(
    ("cat", "dog"),
    {
        "serving_default": {
            "inputs": {"image_bytes": {"dtype": "string", "shape": [None]}},
            "outputs": {"scores": {"dtype": "float32", "shape": [None, 2]}},
        }
    },
    "2.16.2",
)


def test_card(tmp_path: Path) -> None:
    counts = {"accepted": 9, "quarantined": 1, "splits": {"test": 9}, "unused": ["x"]}
    (tmp_path / "ingest.json").write_text(json.dumps(counts))
    card = build_model_card(
        FACTS,
        model_name="pets",
        model_uri="artifacts/model/6",
        run_id="20261123T0600Z-5d30",
        data=read_data(str(tmp_path), "5d38"),
        config={"gate": {"min_accuracy": 0.9}},
        image_size=160,
        decision={"test_accuracy": 0.96, "test_examples": 200, "worst": [{"name": "private.jpg"}]},
    )
    assert json.loads(json.dumps(card)) == card
    assert card["classes"] == ["cat", "dog"]
    assert card["input"]["name"] == "image_bytes"
    assert card["input"]["shape"] == [None]
    assert card["input"]["resized_to_px"] == 160
    assert card["data"] == {
        "fingerprint": "5d38",
        "accepted": 9,
        "quarantined": 1,
        "splits": {"test": 9},
    }
    assert card["test"] == {"test_accuracy": 0.96, "test_examples": 200}
    assert card["config"] == {"gate": {"min_accuracy": 0.9}}
    assert card["saved_by_tensorflow"] == "2.16.2"


def test_card_with_little_known(tmp_path: Path) -> None:
    card = build_model_card(
        ModelFacts((), {}, ""),
        model_name="pets",
        model_uri="m",
        run_id=None,
        data=read_data(str(tmp_path), ""),
        config=None,
        image_size=None,
        decision=None,
    )
    assert card["input"] is None and card["test"] is None
    assert card["data"] == {"fingerprint": None}


def test_every_library_is_listed() -> None:
    versions = library_versions()
    assert versions["python"].startswith("3.")
    assert versions["numpy"] == np.__version__
    assert {"tensorflow", "keras", "tfx", "apache-beam"} <= set(versions)
