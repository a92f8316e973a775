"""Measures a model with TFMA, decides, and blesses it or says why not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from absl import logging
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.artifacts import Artifacts
from components.errors import UserError
from components.evaluator.blessing import write_blessing
from components.evaluator.gate.comparison import (
    Comparison,
    compare,
    describe_class_difference,
)
from components.evaluator.gate.decision import decide, write_decision
from components.evaluator.gate.training_images import image_ids, read_training_images
from components.evaluator.gate.unseen import leave_out_seen
from components.evaluator.model_probe import UnusableModelError, probe_model
from components.evaluator.predictions import write_predictions
from components.evaluator.settings import GateSettings
from components.evaluator.slices import other_features
from components.evaluator.tfma_models import BASELINE, CANDIDATE
from components.evaluator.tfma_pipeline import collect_predictions, run_models
from components.records import list_record_files, open_records

_PROBES = 4


class GateError(UserError):
    """A model cannot be measured."""


@dataclass(frozen=True)
class _Baseline:
    """A model that a candidate can be compared with, and the names of its classes."""

    model: types.Artifact
    classes: list[str]


class Executor(base_beam_executor.BaseBeamExecutor):
    """Evaluates on the test split; writes `decision.json` and `predictions.jsonl`; blesses or not.

    TFX's own executor blesses by TFMA's thresholds, on sums over all images; this decision needs
    what both models predicted for each one.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Evaluates and decides.

        Args:
            input_dict: `examples`, `model`, and `baseline_model` or none.
            output_dict: `evaluation` and `blessing`.
            exec_properties: `gate` (GateSettings as JSON), `signature_name`, `example_splits`
                (names as JSON).

        Raises:
            GateError: There is no image to measure on.
            SliceError: `gate.slices` names a feature that no image has.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        gate = GateSettings.model_validate_json(exec_properties["gate"])
        signature = exec_properties["signature_name"]
        splits = json.loads(exec_properties["example_splits"])
        examples, model = input_dict["examples"], input_dict["model"][0]
        output = artifact_utils.get_single_uri(output_dict["evaluation"])
        probes = _first_examples(examples, splits)
        baseline, note = _find_baseline(input_dict.get("baseline_model", []), signature, probes)

        models = {CANDIDATE: _model_path(model)}
        if baseline:
            models[BASELINE] = _model_path(baseline.model)
        features = other_features(gate.slices)
        with self._make_beam_pipeline() as pipeline:
            run_models(pipeline, examples, splits, models, signature, output, features)
        predictions = collect_predictions(output)
        write_predictions(predictions, output)

        seen_by_baseline = read_training_images(baseline.model.uri) if baseline else image_ids(())
        unseen = leave_out_seen(predictions, read_training_images(model.uri), seen_by_baseline)
        if not unseen.predictions:
            raise GateError(
                "every test image was in the training of the model that the warm start took",
                "Keep the splits as they were, or set trainer.warm_start to false.",
            )
        classes = _read_classes(_model_path(model))
        comparison = compare(unseen.predictions)
        if baseline:
            compared = comparison.examples if comparison else 0
            note = describe_class_difference(classes, baseline.classes, compared)
        decision = decide(unseen, gate, classes, comparison, note)
        write_decision(decision, output)
        write_blessing(
            artifact_utils.get_single_instance(output_dict["blessing"]),
            blessed=decision["blessed"],
            model=model,
            baseline=baseline.model if baseline and comparison else None,
            keeps_baseline=_keeps_baseline(baseline, comparison, classes, gate),
            component_id=exec_properties.get("current_component_id"),
        )


def _find_baseline(
    models: Sequence[types.Artifact], signature: str, probes: Sequence[bytes]
) -> tuple[_Baseline | None, str | None]:
    """The model to compare with, if one runs; otherwise what is wrong with it."""
    for model in models:
        try:
            return _Baseline(model, probe_model(_model_path(model), signature, probes)), None
        except UnusableModelError as error:
            note = f"the baseline cannot be run: {error}; decided without it"
            logging.warning("%s: %s", model.uri, note)
            return None, note
    return None, None


def _keeps_baseline(
    baseline: _Baseline | None,
    comparison: Comparison | None,
    classes: Sequence[str],
    gate: GateSettings,
) -> bool:
    """Whether later models are compared with the same baseline instead of this model."""
    if baseline is None or set(baseline.classes) != set(classes):
        return False
    return comparison is None or not comparison.is_gain(gate.max_drop, gate.confidence)


def _first_examples(examples: Sequence[types.Artifact], splits: Sequence[str]) -> list[bytes]:
    uris = [uri for split in splits for uri in artifact_utils.get_split_uris(list(examples), split)]
    for file in [file for uri in uris for file in list_record_files(uri)]:
        if found := list(open_records([file]).take(_PROBES).as_numpy_iterator()):
            return found
    raise GateError(
        f"there is no image in {', '.join(splits)}, so the model cannot be measured",
        "Add images, or give the test split a larger share of them.",
    )


def _model_path(model: types.Artifact) -> str:
    return path_utils.serving_model_path(model.uri)


def _read_classes(model_path: str) -> list[str]:
    with tf.io.gfile.GFile(f"{model_path}/assets/labels.txt") as file:
        return file.read().splitlines()
