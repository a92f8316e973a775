"""What TFMA runs and measures: the models, their inputs and labels, as its EvalConfig."""

import json

import tensorflow_model_analysis as tfma

from components.evaluator.predictions import LABEL

ACCURACY = "accuracy"
CANDIDATE, BASELINE = "candidate", "baseline"


def build_tfma_config(signature: str, *, has_baseline: bool) -> tfma.EvalConfig:
    """Builds TFMA's configuration.

    TFMA runs the models and keeps their accuracy in its own files, for its own tools. It has no
    thresholds: they know neither pairs nor noise. `components.evaluator.decision` decides.

    Args:
        signature: The models' signature that takes serialized tf.Examples.
        has_baseline: Whether there is a model to compare with.
    """
    names = [CANDIDATE, BASELINE] if has_baseline else [CANDIDATE]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                name=name, signature_name=signature, label_key=LABEL, is_baseline=name == BASELINE
            )
            for name in names
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name="ExampleCount"),
                    # Of one answer an image, recall is accuracy. TFMA takes Keras' accuracy, too,
                    # which rewrites itself through AutoGraph: seconds for one number.
                    tfma.MetricConfig(
                        class_name="Recall", config=json.dumps({"name": ACCURACY, "top_k": 1})
                    ),
                ]
            )
        ],
    )
