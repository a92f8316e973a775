"""StatisticsGen without Beam where Beam would run in this process anyway."""

from typing import Any

import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx import types
from tfx.components.statistics_gen import executor
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as keys
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.artifacts import Artifacts
from components.beam import is_in_one_process
from components.records import list_record_files, open_records
from components.statistics_gen.options import FEATURE_TYPES

# Whole examples, with images of megabytes each, for four numbers of them.
_AT_A_TIME = 32


class Executor(executor.Executor):
    """TFX's, and where Beam would run in this process, a loop with the same results.

    TFX starts hundreds of steps of Beam's: seven seconds, however few the images are.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Writes `FeatureStats.pb` of each split.

        Args:
            input_dict: `examples`.
            output_dict: `statistics`.
            exec_properties: `stats_options_json`.
        """
        if not is_in_one_process(self._beam_pipeline_args):
            super().Do(input_dict, output_dict, exec_properties)
            return
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(input_dict[keys.EXAMPLES_KEY])
        statistics = artifact_utils.get_single_instance(output_dict[keys.STATISTICS_KEY])
        statistics.split_names = examples.split_names
        statistics.span = examples.span
        options = tfdv.StatsOptions.from_json(exec_properties[keys.STATS_OPTIONS_JSON_KEY])
        for split in artifact_utils.decode_split_names(examples.split_names):
            files = list_record_files(artifact_utils.get_split_uri([examples], split))
            folder = artifact_utils.get_split_uri([statistics], split)
            tf.io.gfile.makedirs(folder)
            with tf.io.gfile.GFile(f"{folder}/{executor.DEFAULT_FILE_NAME}", "wb") as file:
                file.write(compute_statistics(files, options).SerializeToString())


class ImageStatisticsGen(StatisticsGen):
    """TFX's StatisticsGen with the executor above."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, stats_options: tfdv.StatsOptions) -> None:
        """Makes the component; the loop supports no other options of TFX's."""
        super().__init__(examples=examples, stats_options=stats_options)


def compute_statistics(
    files: list[str], options: tfdv.StatsOptions
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Counts one split's TFRecord files, in memory but for the images themselves."""
    # No feature but these is decoded.
    schema = schema_pb2.Schema()
    for name, kind in FEATURE_TYPES.items():
        schema.feature.add(name=name, type=kind)
    decoder = ExamplesToRecordBatchDecoder(schema.SerializeToString())
    records = open_records(files).batch(_AT_A_TIME)
    batches = [decoder.DecodeBatch(batch) for batch in records.as_numpy_iterator()]
    if not batches:
        batches = [decoder.DecodeBatch([])]
    [whole] = pa.Table.from_batches(batches).combine_chunks().to_batches() or batches
    return generate_statistics_in_memory(whole, options)
