"""TFX's Evaluator, told the classes of the model it evaluates and made to explain its decision."""

from typing import Any

import tensorflow as tf
from tfx.components.evaluator import executor as tfx_evaluator
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import path_utils, proto_utils

from components.evaluation import alignment
from components.evaluation.decision import read_decision, write_decision
from components.evaluation.metrics import build_eval_config, read_gate


class Executor(tfx_evaluator.Executor):
    """Evaluates on the test split; blesses, or says why not.

    Reads the gate's settings from the thresholds of the `eval_config` it is given, adds the
    per-class metrics, and writes `decision.json` into the evaluation artifact.
    """

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs TFX's Evaluator and records its decision."""
        import tensorflow_model_analysis as tfma

        given = tfma.EvalConfig()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.EVAL_CONFIG_KEY], given)
        gate = read_gate(given)
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        classes = _read_classes(path_utils.serving_model_path(model.uri))
        complete = build_eval_config(gate, given.model_specs[0].signature_name, classes)
        exec_properties[standard_component_specs.EVAL_CONFIG_KEY] = proto_utils.proto_to_json(
            complete
        )
        exec_properties["custom_extractors"] = alignment.ENTRY_POINT
        super().Do(input_dict, output_dict, exec_properties)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.EVALUATION_KEY])
        write_decision(read_decision(uri, gate, classes), uri)


def _read_classes(model_path: str) -> list[str]:
    with tf.io.gfile.GFile(f"{model_path}/assets/labels.txt") as file:
        return file.read().splitlines()
