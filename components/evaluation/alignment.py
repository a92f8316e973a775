"""Candidate and baseline on one list of classes, where each has a list of its own."""

from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluation.metrics import BASELINE, CANDIDATE

ENTRY_POINT = f"{__name__}.custom_extractors"


def custom_extractors(
    eval_shared_model: Any, eval_config: tfma.EvalConfig, tensor_adapter_config: Any = None
) -> list[tfma.extractors.Extractor]:
    """TFMA's extractors, and one that aligns classes; the Evaluator calls this by its name."""
    extractors = tfma.default_extractors(
        eval_shared_model=eval_shared_model,
        eval_config=eval_config,
        tensor_adapter_config=tensor_adapter_config,
    )
    align = tfma.extractors.Extractor(stage_name="AlignClasses", ptransform=beam.Map(align_classes))
    # Evaluators take the extracts as soon as the last of TFMA's own extractors, slicing, is done.
    return [*extractors[:-1], align, extractors[-1]]


def align_classes(extracts: dict[str, Any]) -> dict[str, Any]:
    """Gives both models' scores the same classes: the candidate's, then the baseline's others.

    A class that a model does not know has the score 0. TFMA looks labels up in each model's own
    list, and fails on one that is not there: on every new class, with a baseline that is older.

    Args:
        extracts: One example's; `predictions` holds `scores`, `[classes] float32`, and `classes`,
            `[classes]` bytes, of each model by name where there are two.

    Returns:
        The same, with the aligned scores.
    """
    predictions = extracts[tfma.PREDICTIONS_KEY]
    if not {CANDIDATE, BASELINE} <= predictions.keys():
        return extracts
    known = predictions[CANDIDATE]["classes"].tolist()
    others = [name for name in predictions[BASELINE]["classes"].tolist() if name not in known]
    classes = known + others
    aligned = {model: _spread(predictions[model], classes) for model in (CANDIDATE, BASELINE)}
    return {**extracts, tfma.PREDICTIONS_KEY: aligned}


def _spread(prediction: dict[str, np.ndarray], classes: list[bytes]) -> dict[str, np.ndarray]:
    scores = dict(zip(prediction["classes"].tolist(), prediction["scores"], strict=True))
    return {
        "scores": np.asarray([scores.get(name, 0.0) for name in classes], np.float32),
        "classes": np.asarray(classes, object),
    }
