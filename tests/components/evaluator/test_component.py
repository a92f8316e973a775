"""The evaluator in full: TFMA runs real models on Beam, and TFX's Pusher reads the result."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tensorflow_model_analysis as tfma
from tfx.components.pusher import executor as tfx_pusher
from tfx.dsl.components.base import base_beam_executor
from tfx.types import channel_utils, standard_artifacts

from components.evaluator.component import ImageEvaluator
from components.evaluator.executor import Executor, GateError
from components.evaluator.gate.training_images import image_ids, write_training_images
from components.evaluator.settings import GateSettings
from components.evaluator.tfma_models import ACCURACY
from tests.fakes.models.tiny_models import COUNT, SIGNATURE, digest, make_examples, make_model


@dataclass(frozen=True)
class Evaluated:
    """What the evaluator wrote.

    Attributes:
        blessing: Its ModelBlessing artifact.
        folder: Of its ModelEvaluation artifact.
        decision: `decision.json`.
    """

    blessing: standard_artifacts.ModelBlessing
    folder: Path
    decision: dict

    @property
    def is_pushed(self) -> bool:
        """Whether TFX's own Pusher would push the model."""
        return tfx_pusher.Executor().CheckBlessing({"model_blessing": [self.blessing]})


def evaluate(
    folder: Path, model: Any, baseline: Any = None, examples: Any = None, **gate: Any
) -> Evaluated:
    """Runs the Evaluator."""
    evaluation, blessing = standard_artifacts.ModelEvaluation(), standard_artifacts.ModelBlessing()
    evaluation.uri, blessing.uri = str(folder / "evaluation"), str(folder / "blessing")
    inputs = {"examples": [examples or make_examples(folder / "examples")], "model": [model]}
    if baseline is not None:
        inputs["baseline_model"] = [baseline]
    component = ImageEvaluator(
        examples=channel_utils.as_channel(inputs["examples"]),
        model=channel_utils.as_channel([model]),
        gate=GateSettings(**{"min_accuracy": 0.5, **gate}),
        signature_name=SIGNATURE,
    )
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--direct_running_mode=in_memory"], tmp_dir=str(folder), unique_id="1"
    )
    Executor(context).Do(
        inputs, {"evaluation": [evaluation], "blessing": [blessing]}, component.exec_properties
    )
    decision = json.loads((folder / "evaluation" / "decision.json").read_text())
    return Evaluated(blessing, folder / "evaluation", decision)


def properties(blessing: Any) -> dict[str, Any]:
    return {
        name: blessing.get_int_custom_property(name)
        for name in ("blessed", "current_model_id", "baseline_model_id", "keeps_baseline")
    }


def test_a_first_model_that_is_good_enough_is_blessed(tmp_path: Path) -> None:
    slices = ["class", "format", "size", "camera"]
    result = evaluate(
        tmp_path, make_model(tmp_path / "m", 18), min_accuracy=0.9, min_recall=0.9, slices=slices
    )
    decision = result.decision
    assert decision["blessed"] and result.is_pushed
    assert decision["text"] == "0.900 (0.769 to 0.960) on 40 images, no baseline: blessed"
    assert decision["baseline_accuracy"] is None and decision["baseline_note"] is None
    assert [(s["feature"], s["value"], s["accuracy"]) for s in decision["slices"]] == [
        ("class", "cats", 0.9),
        ("class", "dogs", 0.9),
        ("format", "png", 0.9),
        ("size", "64x64 to 128x128", 0.9),
        ("camera", "A", 1.0),
        ("camera", "B", 0.8),
    ]
    assert {w["name"] for w in decision["worst"][:4]} == {
        f"{label}/{number:03}.png" for label in ("cats", "dogs") for number in (18, 19)
    }
    assert properties(result.blessing) == {
        "blessed": 1,
        "current_model_id": 19,
        "baseline_model_id": 0,
        "keeps_baseline": 0,
    }
    assert [file.name for file in Path(result.blessing.uri).iterdir()] == ["BLESSED"]
    check_predictions(result.folder)
    check_tfma_agrees(result)


def check_predictions(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open()]
    assert len(lines) == 2 * COUNT
    assert [line["name"] for line in lines] == sorted(line["name"] for line in lines)
    wrong = next(line for line in lines if line["name"] == "cats/019.png")
    assert wrong == {
        "name": "cats/019.png",
        "label": "cats",
        "predicted": "dogs",
        "score": pytest.approx(0.9),
        "label_score": pytest.approx(0.1),
        "format": "png",
        "height": 32,
        "width": 200,
        "compared": None,
        "features": {"camera": "B"},
        "sha256": digest("cats", 19),
    }
    # The parts that Beam's workers wrote are deleted.
    assert not any("parts" in file.name for file in folder.iterdir())


def check_tfma_agrees(result: Evaluated) -> None:
    """TFMA, which ran the models, measures the same for its own tools."""
    (record,) = tfma.load_metrics(str(result.folder))
    metrics = {entry.key.name: entry.value for entry in record.metric_keys_and_values}
    assert metrics[ACCURACY].double_value.value == pytest.approx(result.decision["test_accuracy"])
    assert metrics["example_count"].double_value.value == result.decision["test_examples"]


def test_a_model_worse_than_the_baseline_is_refused(tmp_path: Path) -> None:
    model, baseline = make_model(tmp_path / "m", 12), make_model(tmp_path / "b", 20)
    result = evaluate(tmp_path, model, baseline)
    assert not result.decision["blessed"] and not result.is_pushed
    (reason,) = result.decision["reasons"]
    assert reason.startswith(
        "test accuracy 0.600 is 0.400 below the baseline (1.000); gate.max_drop allows 0.01, "
    )
    assert result.decision["text"].endswith(", baseline 1.000: refused")
    assert len(result.decision["worst"]) == 10
    assert properties(result.blessing)["blessed"] == 0
    assert properties(result.blessing)["baseline_model_id"] == 21
    assert [file.name for file in Path(result.blessing.uri).iterdir()] == ["NOT_BLESSED"]


@pytest.mark.slow
def test_a_loss_within_noise_is_blessed_and_keeps_the_baseline(tmp_path: Path) -> None:
    model, baseline = make_model(tmp_path / "m", 18), make_model(tmp_path / "b", 19)
    result = evaluate(tmp_path, model, baseline, max_drop=0.04)
    assert result.decision["change"] == pytest.approx(-0.05)
    assert result.is_pushed
    assert result.decision["warning"].startswith("a loss of more than gate.max_drop 0.04")
    assert properties(result.blessing)["keeps_baseline"] == 1


@pytest.mark.slow
def test_a_far_better_model_becomes_the_baseline(tmp_path: Path) -> None:
    model, baseline = make_model(tmp_path / "m", 20), make_model(tmp_path / "b", 12)
    assert properties(evaluate(tmp_path, model, baseline).blessing) == {
        "blessed": 1,
        "current_model_id": 21,
        "baseline_model_id": 13,
        "keeps_baseline": 0,
    }


def test_one_class_at_0_is_refused_despite_the_accuracy(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", 0, output="one_class")
    result = evaluate(tmp_path, model, min_accuracy=0.5, min_recall=0.1)
    assert not result.is_pushed
    assert result.decision["reasons"] == [
        "recall of dogs 0.000 (0 of 20) is below gate.min_recall 0.1 by 0.100"
    ]


def test_baseline_and_candidate_with_different_classes(tmp_path: Path) -> None:
    # The candidate adds birds and lacks fish, of which the test split has none; wolves are in the
    # test split only.
    examples = make_examples(tmp_path / "e", ("birds", "cats", "dogs", "wolves"))
    model = make_model(tmp_path / "m", 20, classes=("birds", "cats", "dogs"))
    baseline = make_model(tmp_path / "b", 20, classes=("dogs", "cats", "fish"))
    result = evaluate(tmp_path, model, baseline, examples)
    decision = result.decision
    assert decision["test_accuracy"] == 0.75
    assert decision["classes"]["wolves"]["recall"] == 0
    assert (decision["compared_examples"], decision["change"]) == (2 * COUNT, 0)
    assert decision["baseline_note"] == (
        "the baseline does not know birds and knows fish, which this model does not: both were "
        "compared on the 40 test images of the classes that both know, each predicting among those"
    )
    assert decision["text"] == (
        "0.750 (0.645 to 0.832) on 80 images, baseline 1.000 against 1.000 on 40 of them: blessed"
    )
    assert properties(result.blessing)["keeps_baseline"] == 0


def trained_on(model: Any, numbers: range) -> Any:
    """The model, trained on these images of each class."""
    digests = [digest(label, number) for label in ("cats", "dogs") for number in numbers]
    write_training_images(image_ids(digests), model.uri)
    return model


def test_a_baseline_is_not_measured_on_images_that_it_was_trained_on(tmp_path: Path) -> None:
    """Splits were drawn again: it was trained on 9 of 20; on the others both are equally good."""
    baseline = trained_on(make_model(tmp_path / "b", 20), range(11, COUNT))
    model = make_model(tmp_path / "m", 14)
    result = evaluate(tmp_path, model, baseline)
    decision = result.decision
    assert decision["blessed"] and decision["change"] == 0 and decision["compared_examples"] == 22
    assert decision["test_accuracy"] == 0.7 and decision["left_out_examples"] == 0
    assert decision["notes"] == [
        "the baseline was trained on 18 of 40 test images: both are compared on the other 22"
    ]


def test_too_few_unseen_images_judge_nothing(tmp_path: Path) -> None:
    baseline = trained_on(make_model(tmp_path / "b", 20), range(2, COUNT))
    result = evaluate(tmp_path, make_model(tmp_path / "m", 20), baseline)
    assert not result.is_pushed
    assert result.decision["reasons"] == [
        "only 4 of 40 test images were in no training of this model and its baseline; "
        "gate.min_unseen_images is 20: keep the splits as they were, or train without "
        "trainer.warm_start"
    ]


def test_a_model_whose_warm_start_saw_the_test_images_is_not_measured_on_them(
    tmp_path: Path,
) -> None:
    model = trained_on(make_model(tmp_path / "m", 15), range(10))
    decision = evaluate(tmp_path, model).decision
    assert (decision["test_accuracy"], decision["test_examples"]) == (0.5, 20)
    assert decision["left_out_examples"] == 20
    assert decision["notes"][0].startswith("20 of 40 test images are left out: this model, or the")
    seen = trained_on(make_model(tmp_path / "s", 20), range(COUNT))
    with pytest.raises(GateError, match="every test image was in the training"):
        evaluate(tmp_path / "all", seen)


def test_a_baseline_that_no_longer_loads_does_not_block(tmp_path: Path) -> None:
    model, baseline = make_model(tmp_path / "m", 12), make_model(tmp_path / "b", 20)
    (tmp_path / "b" / "Format-Serving" / "saved_model.pb").write_bytes(b"damaged")
    result = evaluate(tmp_path, model, baseline)
    assert result.is_pushed
    note = result.decision["baseline_note"]
    assert note.startswith("the baseline cannot be run: its files do not load (")
    assert note.endswith("); decided without it")
    assert result.decision["baseline_accuracy"] is None
    assert properties(result.blessing)["baseline_model_id"] == 0


def test_without_test_images_the_evaluation_fails(tmp_path: Path) -> None:
    examples = make_examples(tmp_path / "e", ())
    with pytest.raises(GateError) as error:
        evaluate(tmp_path, make_model(tmp_path / "m", 20), examples=examples)
    assert error.value.message == "there is no image in test, so the model cannot be measured"
    assert error.value.hint == "Add images, or give the test split a larger share of them."
