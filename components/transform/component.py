"""Transform without Beam where Beam would run in this process anyway."""

import json
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow_transform import TFTransformOutput
from tfx import types
from tfx.components.transform import executor, executor_utils
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as keys

from components.artifacts import Artifacts
from components.beam import is_in_one_process
from components.example_gen.report import read_summary
from components.feature_keys import LABEL_VOCABULARY
from components.transform.preprocessing import FINDS_LABELS


class Executor(executor.Executor):
    """TFX's; without analysis where ingest counted the labels and Beam would run in this process.

    A `preprocessing_fn` that analyses nothing becomes a graph at once. Beam's steps, which look for
    labels in all examples, take four seconds, however few there are.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes the graph, with the vocabulary `labels` among its assets.

        Args:
            input_dict: `examples` and `schema`.
            output_dict: `transform_graph`, and what else TFX's has.
            exec_properties: `custom_config` for `preprocessing_fn`, `splits_config`; see TFX's.
        """
        examples = input_dict[keys.EXAMPLES_KEY]
        splits = executor_utils.ResolveSplitsConfig(
            exec_properties.get(keys.SPLITS_CONFIG_KEY), examples
        )
        labels = read_labels(examples, splits.analyze)
        if labels is None or not is_in_one_process(self._beam_pipeline_args):
            super().Do(input_dict, output_dict, exec_properties)
            return
        config = json.loads(exec_properties[keys.CUSTOM_CONFIG_KEY])
        properties = {
            **exec_properties,
            keys.CUSTOM_CONFIG_KEY: json.dumps({**config, FINDS_LABELS: False}),
        }
        super().Do(input_dict, output_dict, properties)
        graph = artifact_utils.get_single_uri(output_dict[keys.TRANSFORM_GRAPH_KEY])
        assets = f"{graph}/{TFTransformOutput.TRANSFORM_FN_DIR}/{tf.saved_model.ASSETS_DIRECTORY}"
        tf.io.gfile.makedirs(assets)
        with tf.io.gfile.GFile(f"{assets}/{LABEL_VOCABULARY}", "w") as file:
            file.write("".join(f"{label}\n" for label in labels))


class ImageTransform(Transform):
    """TFX's Transform with the executor above."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)


def read_labels(examples: Sequence[types.Artifact], splits: Sequence[str]) -> list[str] | None:
    """The labels in some splits, sorted; None where `ImageExampleGen` did not write them."""
    summaries = [read_summary(artifact.uri) for artifact in examples]
    counts = [one["classes_by_split"] for one in summaries if one is not None]
    if len(counts) < len(summaries):
        return None
    return sorted({label for one in counts for split in splits for label in one.get(split, {})})
