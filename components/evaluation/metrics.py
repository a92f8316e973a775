"""What is measured on the test split, and the thresholds, as a TFMA EvalConfig."""

from collections.abc import Sequence

import tensorflow_model_analysis as tfma

from components.evaluation.settings import GateSettings

LABEL = "image/class/text"
ACCURACY = "sparse_categorical_accuracy"


def build_eval_config(
    gate: GateSettings, signature: str, classes: Sequence[str] = ()
) -> tfma.EvalConfig:
    """Builds the configuration of the Evaluator.

    Labels stay names: TFMA looks each one up among the classes that a model returns, so that the
    candidate and the baseline may know different classes, in different orders.

    Args:
        gate: The thresholds.
        signature: The model's signature that takes serialized tf.Examples.
        classes: The candidate's class names in the order of its scores; precision, recall and AUC
            of each are measured if given. The Evaluator fills them in when it has the model.
    """
    accuracy = tfma.MetricConfig(
        class_name="SparseCategoricalAccuracy",
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": gate.min_accuracy}),
            # TFMA passes a change that is greater than the bound; the hair lets an equal one pass.
            change_threshold=tfma.GenericChangeThreshold(
                direction=tfma.MetricDirection.HIGHER_IS_BETTER,
                absolute={"value": -(gate.max_drop + 1e-6)},
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
            tfma.ModelSpec(name="candidate", signature_name=signature, label_key=LABEL),
            tfma.ModelSpec(
                name="baseline", signature_name=signature, label_key=LABEL, is_baseline=True
            ),
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=specs,
    )
