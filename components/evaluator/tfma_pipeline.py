"""One pass of TFMA over the test images: its metrics, and each model's predictions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx import types
from tfx.components.util import tfxio_utils
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.evaluator.predictions import Prediction, build_prediction, from_json, to_json
from components.evaluator.tfma_models import (
    BASELINE,
    CANDIDATE,
    align_extractor,
    build_tfma_config,
    scores_of,
)

BATCH_SIZE = 32
"""Images per batch, few enough for every machine that trained the model.

By default, Beam makes batches of up to 1,000 after some thousands of images, at the same
speed: MobileNetV2 at 160 pixels then takes 1.5 GB more memory.
"""

_PREDICTIONS = "predictions"
_SHARDS = "predictions-parts"
_UNBATCH = (
    "ExtractUnbatchedInputs"  # TFMA's name of the stage after which an extract is one example.
)


def run_models(
    pipeline: beam.Pipeline,
    examples: Sequence[types.Artifact],
    splits: Sequence[str],
    models: Mapping[str, str],
    signature: str,
    output: str,
    slice_features: Sequence[str] = (),
) -> None:
    """Adds the evaluation to a Beam pipeline: one pass over the images and through each model.

    Args:
        pipeline: The pipeline; it runs when its context exits.
        examples: Examples artifacts.
        splits: The splits that are read.
        models: Folder of the SavedModel by name: `candidate`, and `baseline` if there is one.
        signature: Their signature that takes serialized tf.Examples.
        output: Folder of TFMA's metrics and of the predictions, see `collect_predictions`.
        slice_features: Features to keep with each prediction.
    """
    config = build_tfma_config(signature, has_baseline=BASELINE in models)
    shared = [
        tfma.default_eval_shared_model(
            eval_saved_model_path=path, model_name=name, eval_config=config
        )
        for name, path in models.items()
    ]
    eval_shared_model = shared if len(shared) > 1 else shared[0]
    extractors = tfma.default_extractors(eval_shared_model=eval_shared_model, eval_config=config)
    evaluators = tfma.default_evaluators(eval_shared_model=eval_shared_model, eval_config=config)
    writers = tfma.default_writers(output, eval_shared_model=eval_shared_model, eval_config=config)
    _ = _read(pipeline, examples, splits) | "Evaluate" >> tfma.ExtractEvaluateAndWriteResults(
        eval_shared_model=eval_shared_model,
        eval_config=config,
        # Evaluators take the extracts as soon as the last of TFMA's own, slicing, is done.
        extractors=[*extractors[:-1], align_extractor(), extractors[-1]],
        evaluators=[*evaluators, _prediction_evaluator(slice_features)],
        writers=[*writers, _prediction_writer(output)],
        output_path=output,
    )


def collect_predictions(output: str) -> list[Prediction]:
    """Reads the predictions of a finished `run_models` pipeline, sorted by the images' names.

    The parts that its workers wrote are deleted.
    """
    folder = f"{output}/{_SHARDS}"
    lines = []
    for part in tf.io.gfile.glob(f"{folder}/part-*"):
        with tf.io.gfile.GFile(part) as file:
            lines += list(file)
    if tf.io.gfile.exists(folder):
        tf.io.gfile.rmtree(folder)
    return sorted(map(from_json, lines), key=lambda p: (p.name, p.label))


def _read(
    pipeline: beam.Pipeline, examples: Sequence[types.Artifact], splits: Sequence[str]
) -> Any:
    """Arrow record batches of the examples, with the serialized examples in one column."""
    factory = tfxio_utils.get_tfxio_factory_from_artifact(
        examples=list(examples),
        telemetry_descriptors=["Evaluator"],
        schema=None,
        raw_record_column_name=tfma.ARROW_INPUT_COLUMN,
    )
    uris = [uri for split in splits for uri in artifact_utils.get_split_uris(list(examples), split)]
    sources = [
        pipeline
        | f"Read[{index}]" >> factory(io_utils.all_files_pattern(uri)).BeamSource(BATCH_SIZE)
        for index, uri in enumerate(uris)
    ]
    return sources | beam.Flatten(pipeline=pipeline)


def _prediction_evaluator(slice_features: Sequence[str]) -> tfma.evaluators.Evaluator:
    to_line = partial(_line, slice_features=tuple(slice_features))
    return tfma.evaluators.Evaluator(
        stage_name="DescribePredictions",
        run_after=_UNBATCH,
        ptransform=_Describe(to_line),
    )


def _prediction_writer(output: str) -> tfma.writers.Writer:
    return tfma.writers.Writer(
        stage_name="WritePredictions",
        ptransform=tfma.writers.Write(
            key=_PREDICTIONS, ptransform=beam.io.WriteToText(f"{output}/{_SHARDS}/part")
        ),
    )


class _Describe(beam.PTransform):
    """Turns extracts into lines of JSON, returned by key as TFMA's evaluators do."""

    def __init__(self, to_line: Any):
        super().__init__()
        self._to_line = to_line

    def expand(self, extracts: Any) -> Any:
        return {_PREDICTIONS: extracts | "ToLine" >> beam.Map(self._to_line)}


def _line(extracts: dict[str, Any], slice_features: Sequence[str]) -> str:
    scores = {
        model: {name.decode("utf-8", "replace"): score for name, score in by_class.items()}
        for model, by_class in scores_of(extracts).items()
    }
    return to_json(
        build_prediction(
            extracts[tfma.FEATURES_KEY], scores[CANDIDATE], scores.get(BASELINE), slice_features
        )
    )
