"""Gate: TFX's Evaluator with our executor."""

from tfx.components.evaluator.component import Evaluator
from tfx.dsl.components.base import executor_spec

from components.evaluation.executor import Executor


class Gate(Evaluator):
    """Measures a model on the test split and blesses it, or says why not.

    Takes and gives what TFX's Evaluator does. Its ModelEvaluation artifact also holds
    `decision.json`, see `components.evaluation.decision.read_decision`.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
