"""ImageEvaluator: TFX's Evaluator, with a decision rule that allows for noise."""

import json
from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts, system_executions
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.evaluator.executor import Executor
from components.evaluator.settings import GateSettings
from components.signatures import SERVING_EXAMPLES


class ImageEvaluatorSpec(ComponentSpec):
    """Inputs and outputs of `ImageEvaluator`: the channels of TFX's EvaluatorSpec."""

    PARAMETERS = {
        "gate": ExecutionParameter(type=str),
        "signature_name": ExecutionParameter(type=str),
        "example_splits": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }
    TYPE_ANNOTATION = system_executions.Evaluate


class ImageEvaluator(base_beam_component.BaseBeamComponent):
    """Measures a model on the test split with TFMA and blesses it, or says why not.

    Output `evaluation`: a `ModelEvaluation` artifact with TFMA's metrics; `decision.json`, see
    `components.evaluator.gate.decision.decide`; and `predictions.jsonl`, a line per test image, see
    `components.evaluator.predictions.Prediction`.

    Output `blessing`: a `ModelBlessing` artifact, as TFX's Evaluator makes it for its Pusher.
    """

    SPEC_CLASS = ImageEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        gate: GateSettings,
        baseline_model: types.BaseChannel | None = None,
        signature_name: str = SERVING_EXAMPLES,
        example_splits: Sequence[str] = ("test",),
    ) -> None:
        """Creates the component.

        Args:
            examples: An `Examples` channel.
            model: A `Model` channel: the candidate.
            gate: The thresholds.
            baseline_model: A `Model` channel: the one to compare with; it may be empty.
            signature_name: The models' signature that takes serialized tf.Examples and returns
                `scores`, `[batch, classes] float32`, and `classes`, `[batch, classes] string`.
            example_splits: The splits to measure it on.
        """
        spec = ImageEvaluatorSpec(
            gate=gate.model_dump_json(),
            signature_name=signature_name,
            example_splits=json.dumps(list(example_splits)),
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
            blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        )
        super().__init__(spec=spec)
