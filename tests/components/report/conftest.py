"""Small outputs of a run: the sources of a page."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from PIL import Image

from components.example_gen.examples import build_example
from components.images.check import Accepted
from components.pusher.facts import PusherFacts
from components.report.inputs.run_facts import RunFacts, Step
from components.report.inputs.sources import Sources
from components.statistics_gen.options import statistics_options

SPLITS = {"train": 8, "validation": 2, "test": 4}
"""Number of images of each class."""

Labels = Mapping[str, int]
WriteStatistics = Callable[..., Path]


def encode_image(seed: int, size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    """An image of noise, different for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write_statistics(folder: Path, labels: Labels, sizes: tuple[int, ...] = (30, 40)) -> Path:
    """Writes statistics of three splits with the same share of each label, and sizes in turn."""
    for split, number in SPLITS.items():
        names = [name for name, share in labels.items() for _ in range(share * number)]
        side = [sizes[index % len(sizes)] for index in range(len(names))]
        table = pd.DataFrame(
            {
                "image/class/text": names,
                "image/format": ["png"] * len(names),
                "image/height": side,
                "image/width": side,
            }
        )
        statistics = tfdv.generate_statistics_from_dataframe(table, statistics_options(), n_jobs=1)
        (folder / f"Split-{split}").mkdir(parents=True)
        path = folder / f"Split-{split}" / "FeatureStats.pb"
        path.write_bytes(statistics.SerializeToString())
    return folder


def write_examples(folder: Path, images: Mapping[str, tuple[str, bytes]]) -> Path:
    """Writes a test split: label and bytes of each image by name."""
    split = folder / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
        for name, (label, contents) in images.items():
            verdict = Accepted(format="png", height=30, width=40)
            example = build_example(contents, name=name, label=label, sha256="0", verdict=verdict)
            writer.write(example.SerializeToString())
    return folder


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def describe_ingest(classes: list[str]) -> dict[str, Any]:
    """`ingest.json` of `SPLITS` images of each class and two broken files."""
    accepted = len(classes) * sum(SPLITS.values())
    return {
        "found": accepted + 2,
        "accepted": accepted,
        "quarantined": 2,
        "quarantined_by_reason": {"two_labels": 1, "truncated": 1},
        "splits": {split: number * len(classes) for split, number in SPLITS.items()},
        "classes": dict.fromkeys(classes, sum(SPLITS.values())),
        "classes_by_split": {
            split: dict.fromkeys(classes, number) for split, number in SPLITS.items()
        },
        "unused": [],
        "span": None,
        "converted": {"HEIC": 3, "WebP": 1012},
        "first_frames": 1,
        "copies": 2,
        "near_duplicates": 3,
        "near_duplicates_across_splits": 1,
    }


def build_decision(classes: list[str], blessed: bool = True) -> dict[str, Any]:
    """The Evaluator's decision, in full: of four images of each class, one is wrong."""
    size = len(classes)
    counts = 3 * np.eye(size, dtype=int) + np.roll(np.eye(size, dtype=int), 1, axis=1)
    return {
        "blessed": blessed,
        "reasons": [] if blessed else ["test accuracy 0.7500 is below gate.min_accuracy 0.9"],
        "test_accuracy": 0.75,
        "test_examples": 4 * size,
        "interval": [0.6, 0.86],
        "baseline_accuracy": 0.745,
        "baseline_note": None,
        "min_accuracy": 0.7,
        "max_drop": 0.01,
        "change": 0.005,
        "compared_accuracy": 0.75,
        "compared_examples": 4 * size,
        "min_recall": 0.5,
        "max_calibration_error": None,
        "confidence": 0.95,
        "text": "0.750 +- 0.130",
        "notes": [],
        "change_interval": [-0.02, 0.03],
        "change_verdict": "uncertain",
        "detectable_drop": 0.031,
        "images_to_decide": None,
        "warning": None,
        "calibration_error": 0.031,
        "classes": {
            name: {"recall": 0.75, "precision": 0.75, "examples": 4} for name in classes
        },
        "confusion_matrix": {"classes": classes, "counts": counts.tolist()},
        "slices": [
            {"feature": "format", "value": "png", "accuracy": 0.75, "interval": [0.6, 0.86],
             "examples": 4 * size},
            *({"feature": "class", "value": name, "accuracy": 0.75, "interval": [0.3, 0.95],
               "examples": 4} for name in classes),
        ],
        "worst": [],
    }  # fmt: skip


def build_training() -> dict[str, Any]:
    """Two stages, as the Trainer writes them."""

    def stage(name: str, epochs: int) -> dict[str, Any]:
        rising = [0.5 + 0.4 * (epoch + 1) / epochs for epoch in range(epochs)]
        return {
            "name": name,
            "epochs": epochs,
            "best_epoch": epochs,
            "seconds": 12.5,
            "validation_accuracy": rising[-1],
            "layers": 155,
            "trainable_layers": 0,
            "freeze_reason": None,
            "trainable_parameters": 2562,
            "total_parameters": 2260546,
            "history": {
                "accuracy": rising,
                "val_accuracy": rising,
                "loss": rising[::-1],
                "val_loss": rising[::-1],
                "learning_rate": [1e-3] * epochs,
            },
        }

    return {"stages": [stage("head", 6), stage("fine-tune", 3)], "notes": ["a note"]}


SERVING_CHECK = {
    "passed": True,
    "failures": [],
    "images": 32,
    "largest_difference": 2.4e-7,
    "is_deterministic": True,
    "latency_ms": {"1": {"p50": 18.2, "p99": 25.9}, "32": {"p50": 402.0, "p99": 455.3}},
    "memory_growth_bytes": 4096,
    "model_bytes": 11_800_000,
    "seconds": 41.0,
}


def predictions(classes: list[str]) -> list[dict[str, Any]]:
    """Of four test images of each class, the last one is predicted as the next class."""
    lines = []
    for index, label in enumerate(classes):
        for number in range(4):
            is_correct = number < 3
            predicted = label if is_correct else classes[(index + 1) % len(classes)]
            score = 0.6 + 0.1 * number + 0.01 * (index % 5)
            lines.append(
                {
                    "name": f"{label}/{number}.png",
                    "label": label,
                    "predicted": predicted,
                    "score": score,
                    "label_score": score if is_correct else 1 - score,
                    "format": "png",
                    "height": 30,
                    "width": 40,
                }
            )
    return lines


MakeSources = Callable[..., Sources]


@pytest.fixture
def make_sources(tmp_path: Path) -> MakeSources:
    """Writes all outputs of a run with these classes."""

    def make(classes: tuple[str, ...] = ("cats", "dogs"), blessed: bool = True) -> Sources:
        names = list(classes)
        folders = {
            key: tmp_path / key
            for key in ("examples", "anomalies", "model_run", "evaluation", "serving_check")
        }
        lines = predictions(names)
        images = {
            line["name"]: (line["label"], encode_image(number))
            for number, line in enumerate(lines[:100])
        }
        write_examples(folders["examples"], images)
        write_json(folders["examples"] / "ingest.json", describe_ingest(names))
        refused = [
            {"path": f"{names[0]}/broken.jpg", "reason": "truncated", "detail": "ends early"},
            {"path": f"{names[-1]}/twice.jpg", "reason": "two_labels", "detail": "as a and b"},
        ]
        (folders["examples"] / "quarantine.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in refused)
        )
        write_json(folders["anomalies"] / "anomalies.json", [])
        write_json(folders["model_run"] / "training.json", build_training())
        write_json(folders["evaluation"] / "decision.json", build_decision(names, blessed))
        (folders["evaluation"] / "predictions.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in lines)
        )
        if blessed:
            write_json(folders["serving_check"] / "serving_check.json", SERVING_CHECK)
        write_statistics(tmp_path / "statistics", dict.fromkeys(names, 1))
        folders["statistics"] = tmp_path / "statistics"
        run = RunFacts(
            pipeline="pets",
            run_id="20261123T060017Z-5d30",
            started=datetime(2026, 11, 23, 6, 0, 17, tzinfo=timezone.utc),
            steps=(
                Step(component="ImageExampleGen", state="cached", seconds=0.1),
                Step(component="Trainer", state="done", seconds=65.2),
                Step(component="Pusher", state="done", seconds=0.3),
            ),
        )
        return Sources(
            run=run,
            configuration={"data": {"path": "images"}, "gate": {"min_accuracy": 0.7}},
            code={"trainer": "ab" * 32},
            folders={key: str(folder) for key, folder in folders.items()},
            fingerprint="cd" * 32,
            pushed=PusherFacts(pushed=True, version=1795413758, path="serving/pets/1795413758")
            if blessed
            else PusherFacts(pushed=False),
        )

    return make
