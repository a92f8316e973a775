"""What is measured on the test split, and the thresholds, as a TFMA EvalConfig."""

from collections.abc import Sequence

import tensorflow_model_analysis as tfma

from components.evaluation.settings import GateSettings

LABEL = "image/class/text"
ACCURACY = "sparse_categorical_accuracy"
CANDIDATE, BASELINE = "candidate", "baseline"

# TFMA computes in float32 and passes a change only if it is greater than the bound: without a hair
# an accuracy that equals its bound would be refused.
TOLERANCE = 1e-6


def build_eval_config(
    gate: GateSettings, signature: str, classes: Sequence[str] = ()
) -> tfma.EvalConfig:
    """Builds the configuration of the Evaluator.

    Labels stay names: TFMA looks each one up among the classes that a model returns, so that the
    candidate and the baseline may know different classes, in different orders.

    Args:
        gate: The thresholds.
        signature: The model's signature that takes serialized tf.Examples.
        classes: The candidate's class names in the order of its scores; the AUC of each is measured
            if given. The Evaluator fills them in when it has the model.
    """
    minimum, drop = gate.min_accuracy - TOLERANCE, gate.max_drop + TOLERANCE
    accuracy = tfma.MetricConfig(
        class_name="SparseCategoricalAccuracy",
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": minimum}),
            change_threshold=tfma.GenericChangeThreshold(
                direction=tfma.MetricDirection.HIGHER_IS_BETTER,
                absolute={"value": -drop},
            ),
        ),
    )
    whole = tfma.MetricsSpec(
        metrics=[
            tfma.MetricConfig(class_name="ExampleCount"),
            accuracy,
            tfma.MetricConfig(
                class_name="MultiClassConfusionMatrixAtThresholds",
                # Scores above 0 count: the highest one is always the prediction.
                config='{"thresholds": [0.0]}',
            ),
        ]
    )
    specs = [whole]
    if classes:
        specs.append(
            tfma.MetricsSpec(
                binarize=tfma.BinarizationOptions(class_ids={"values": range(len(classes))}),
                metrics=[tfma.MetricConfig(class_name="AUC")],
            )
        )
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(name=CANDIDATE, signature_name=signature, label_key=LABEL),
            tfma.ModelSpec(
                name=BASELINE, signature_name=signature, label_key=LABEL, is_baseline=True
            ),
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=specs,
    )


def read_gate(config: tfma.EvalConfig) -> GateSettings:
    """The gate's settings, back from a configuration that `build_eval_config` made."""
    threshold = next(
        metric.threshold
        for spec in config.metrics_specs
        for metric in spec.metrics
        if metric.HasField("threshold")
    )
    return GateSettings(
        min_accuracy=round(threshold.value_threshold.lower_bound.value + TOLERANCE, 9),
        max_drop=round(-threshold.change_threshold.absolute.value - TOLERANCE, 9),
    )
