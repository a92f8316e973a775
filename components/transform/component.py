"""Transform that spares itself Beam where Beam would run in its own process anyway."""

import json
from typing import Any

import tensorflow as tf
from tensorflow_transform import TFTransformOutput
from tfx import types
from tfx.components.transform import executor
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import transform_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as keys
from tfx.utils import proto_utils

from components.one_process import is_in_one_process
from components.records import list_record_files, open_records
from components.transform.preprocessing import FINDS_LABELS, LABEL, LABEL_VOCABULARY

_AT_A_TIME = 1024


class Executor(executor.Executor):
    """TFX's, and where Beam would run in this process, a loop that finds the same labels.

    A `preprocessing_fn` that analyses nothing becomes a graph at once. Beam's steps, which look for
    labels, take four seconds, however few the pictures are.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the graph, with the vocabulary `labels` among its assets.

        Args:
            input_dict: `examples` and `schema`.
            output_dict: `transform_graph`, and what else TFX's has.
            exec_properties: `custom_config` for `preprocessing_fn`, `splits_config`; see TFX's.
        """
        if not is_in_one_process(self._beam_pipeline_args):
            super().Do(input_dict, output_dict, exec_properties)
            return
        config = json.loads(exec_properties[keys.CUSTOM_CONFIG_KEY])
        properties = {
            **exec_properties,
            keys.CUSTOM_CONFIG_KEY: json.dumps({**config, FINDS_LABELS: False}),
        }
        super().Do(input_dict, output_dict, properties)
        splits = transform_pb2.SplitsConfig()
        proto_utils.json_to_proto(exec_properties[keys.SPLITS_CONFIG_KEY], splits)
        examples = input_dict[keys.EXAMPLES_KEY]
        uris = [artifact_utils.get_split_uris(examples, split) for split in splits.analyze]
        graph = artifact_utils.get_single_uri(output_dict[keys.TRANSFORM_GRAPH_KEY])
        assets = f"{graph}/{TFTransformOutput.TRANSFORM_FN_DIR}/{tf.saved_model.ASSETS_DIRECTORY}"
        tf.io.gfile.makedirs(assets)
        with tf.io.gfile.GFile(f"{assets}/{LABEL_VOCABULARY}", "wb") as file:
            file.write(b"".join(label + b"\n" for label in find_labels(sum(uris, []))))


class ImageTransform(Transform):
    """TFX's Transform with the executor above."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)


def find_labels(folders: list[str]) -> list[bytes]:
    """Every label of the examples in some folders, sorted."""
    found: set[bytes] = set()
    spec = {LABEL: tf.io.FixedLenFeature([], tf.string)}
    for folder in folders:
        for batch in open_records(list_record_files(folder)).batch(_AT_A_TIME):
            found.update(tf.io.parse_example(batch, spec)[LABEL].numpy().tolist())
    return sorted(found)
