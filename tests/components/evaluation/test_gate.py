"""The gate blesses what is good enough, refuses the rest, and says why: with TFX's Evaluator."""

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import proto_utils

from components.evaluation.executor import Executor
from components.evaluation.metrics import build_eval_config
from components.evaluation.settings import GateSettings

# Twenty test pictures of each class; their "bytes" are a number that the models below read.
COUNT = 20


class TinyModel(tf.Module):
    """Right on the first `right` pictures of every class, wrong on the others."""

    def __init__(self, right: int, classes: tuple[str, ...], labels_file: Path):
        super().__init__()
        self.labels = tf.saved_model.Asset(str(labels_file))
        self._right = right
        self._classes = tf.constant(classes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image/encoded", "truth")}
        parsed = tf.io.parse_example(examples, spec)
        number = tf.strings.to_number(parsed["image/encoded"], tf.int32)
        truth = tf.cast(parsed["truth"][:, None] == self._classes[None, :], tf.float32)
        is_right = tf.cast(number < self._right, tf.float32)[:, None]
        scores = 0.8 * (is_right * truth + (1 - is_right) * tf.roll(truth, 1, axis=1)) + 0.1
        classes = tf.tile(self._classes[None, :], [tf.shape(scores)[0], 1])
        return {"scores": scores, "classes": classes}


def make_model(
    folder: Path, right: int, classes: tuple[str, ...] = ("cats", "dogs")
) -> standard_artifacts.Model:
    labels = folder / "labels.txt"
    labels.parent.mkdir(parents=True)
    labels.write_text("".join(f"{name}\n" for name in classes))
    model = TinyModel(right, classes, labels)
    tf.saved_model.save(
        model, str(folder / "Format-Serving"), signatures={"serving_examples": model.serve}
    )
    artifact = standard_artifacts.Model()
    artifact.uri = str(folder)
    artifact.id = right + 1
    return artifact


def make_examples(folder: Path, classes: tuple[str, ...] = ("cats", "dogs")) -> Any:
    split = folder / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
        for label in classes:
            for number in range(COUNT):
                values = {
                    "image/encoded": str(number),
                    "image/class/text": label,
                    "truth": label,
                }
                features = {
                    name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
                    for name, value in values.items()
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(["train", "validation", "test"])
    return artifact


def evaluate(
    folder: Path, gate: GateSettings, model: Any, baseline: Any = None, examples: Any = None
) -> tuple[bool, dict]:
    """Runs the Evaluator; whether it blessed the model, and its decision."""
    evaluation, blessing = standard_artifacts.ModelEvaluation(), standard_artifacts.ModelBlessing()
    evaluation.uri, blessing.uri = str(folder / "evaluation"), str(folder / "blessing")
    inputs = {"examples": [examples or make_examples(folder / "examples")], "model": [model]}
    if baseline is not None:
        inputs["baseline_model"] = [baseline]
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--direct_running_mode=in_memory"], tmp_dir=str(folder), unique_id="1"
    )
    Executor(context).Do(
        inputs,
        {"evaluation": [evaluation], "blessing": [blessing]},
        {
            "eval_config": proto_utils.proto_to_json(build_eval_config(gate, "serving_examples")),
            "example_splits": '["test"]',
            "fairness_indicator_thresholds": "null",
        },
    )
    decision = json.loads((folder / "evaluation" / "decision.json").read_text())
    return blessing.get_int_custom_property("blessed") == 1, decision


def test_good_enough_without_baseline_is_blessed(tmp_path: Path) -> None:
    gate = GateSettings(min_accuracy=0.9)
    blessed, decision = evaluate(tmp_path, gate, make_model(tmp_path / "m", right=18))
    assert blessed and decision["blessed"]
    assert decision["test_accuracy"] == pytest.approx(0.9)
    assert decision["test_examples"] == 2 * COUNT
    assert decision["baseline_accuracy"] is None
    assert decision["reasons"] == []


def test_below_the_bound_is_refused(tmp_path: Path) -> None:
    gate = GateSettings(min_accuracy=0.9)
    blessed, decision = evaluate(tmp_path, gate, make_model(tmp_path / "m", right=16))
    assert not blessed and not decision["blessed"]
    assert decision["reasons"] == ["test accuracy 0.8000 is below gate.min_accuracy 0.9 by 0.1000"]


@pytest.mark.parametrize(("right", "blessed"), [(18, True), (19, True), (17, False)])
def test_against_a_baseline(tmp_path: Path, right: int, blessed: bool) -> None:
    # The baseline is right on 19 of 20; one picture of each class may be lost, no more.
    gate = GateSettings(min_accuracy=0.5, max_drop=0.05)
    baseline = make_model(tmp_path / "baseline", right=19)
    result, decision = evaluate(tmp_path, gate, make_model(tmp_path / "m", right), baseline)
    assert decision["baseline_accuracy"] == pytest.approx(0.95)
    assert decision["test_accuracy"] == pytest.approx(right / COUNT)
    assert result is blessed and decision["blessed"] is blessed
    if not blessed:
        assert decision["reasons"] == [
            "test accuracy 0.8500 is 0.1000 below the last blessed model (0.9500); "
            "gate.max_drop allows 0.05"
        ]


def test_no_drop_allowed_lets_an_equal_model_pass(tmp_path: Path) -> None:
    gate = GateSettings(min_accuracy=0.5, max_drop=0)
    baseline = make_model(tmp_path / "baseline", right=19)
    assert evaluate(tmp_path, gate, make_model(tmp_path / "m", right=19), baseline)[0]


def test_a_good_baseline_does_not_lower_the_bound(tmp_path: Path) -> None:
    gate = GateSettings(min_accuracy=0.9, max_drop=0.5)
    baseline = make_model(tmp_path / "baseline", right=17)
    assert not evaluate(tmp_path, gate, make_model(tmp_path / "m", right=17), baseline)[0]


def test_baseline_with_other_classes_is_compared_by_name(tmp_path: Path) -> None:
    examples = make_examples(tmp_path / "e", ("birds", "cats", "dogs"))
    model = make_model(tmp_path / "m", right=20, classes=("birds", "cats", "dogs"))
    baseline = make_model(tmp_path / "baseline", right=20, classes=("cats", "dogs"))
    gate = GateSettings(min_accuracy=0.9)
    blessed, decision = evaluate(tmp_path, gate, model, baseline, examples)
    assert blessed
    # The baseline knows no birds: it is right on the two thirds that it knows.
    assert decision["baseline_accuracy"] == pytest.approx(2 / 3)


def test_classes_are_measured_one_by_one(tmp_path: Path) -> None:
    gate = GateSettings(min_accuracy=0.5)
    _, decision = evaluate(tmp_path, gate, make_model(tmp_path / "m", right=15))
    assert list(decision["classes"]) == ["cats", "dogs"]
    cats = decision["classes"]["cats"]
    assert cats["recall"] == pytest.approx(0.75)
    assert cats["precision"] == pytest.approx(0.75)
    assert cats["confused_with"] == {"dogs": 5}
    assert 0.5 < cats["auc"] < 1
