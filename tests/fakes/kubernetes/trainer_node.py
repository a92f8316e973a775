"""A Trainer node with a network and images so small that training takes seconds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.feature_keys import IMAGE, LABEL
from components.transform.preprocessing import preprocessing_fn
from pipeline.cluster.training_job.executor import TrainingExecutor
from tests.trainer.conftest import LABELS, write_examples
from trainer.network.settings import ModelSettings
from trainer.stages.settings import OptimizerSettings, StageSettings, TrainerSettings

IMAGE_SIZE = 32
# Without dropout and augmentation, whose random numbers depend on how a batch is shared out.
# A short network: most of the time is spent on tracing and exporting its layers.
MODEL = ModelSettings(weights="bundled", alpha=0.35, dropout=0, output_layer="block_1_project_BN")
_SGD = OptimizerSettings(name="sgd", learning_rate=0.05)
TRAINER = TrainerSettings(
    batch_size=8, stages=(StageSettings(name="tune", freeze="none", epochs=3, optimizer=_SGD),)
)


@dataclass(frozen=True)
class Node:
    """A Trainer node of one run.

    Attributes:
        folder: The pipeline root.
        run_id: The run.
        attempt: Number of the attempt; each has folders of its own.
    """

    folder: Path
    run_id: str = "run-1"
    attempt: int = 1

    @property
    def model_run(self) -> Path:
        """The `model_run` artifact."""
        return self.folder / self.run_id / str(self.attempt) / "model_run"

    @property
    def model(self) -> Path:
        """The SavedModel."""
        return self.folder / self.run_id / str(self.attempt) / "model" / "Format-Serving"

    @property
    def checkpoints(self) -> list[str]:
        """Checkpoints of interrupted trainings."""
        return [file.name for file in (self.folder / "checkpoints").glob("*")]

    def train(self, run_fn: str = "trainer.task.run_fn", **custom: Any) -> None:
        """Runs the node's executor in this process, as the launcher does."""
        context = BaseExecutor.Context(
            pipeline_info=pipeline_pb2.PipelineInfo(id="Tiny_Digits"), pipeline_run_id=self.run_id
        )
        config = {
            "model": MODEL.model_dump_json(),
            "trainer": TRAINER.model_dump_json(),
            "image_size": IMAGE_SIZE,
            "checkpoints": str(self.folder / "checkpoints"),
            **custom,
        }
        properties = {
            "run_fn": run_fn,
            "train_args": json.dumps({"splits": ["train"]}),
            "eval_args": json.dumps({"splits": ["validation"]}),
            "custom_config": json.dumps(config),
        }
        outputs = {
            "model": [standard_artifacts.Model()],
            "model_run": [standard_artifacts.ModelRun()],
        }
        outputs["model"][0].uri = str(self.model.parent)
        outputs["model_run"][0].uri = str(self.model_run)
        TrainingExecutor(context).Do(self._inputs(), outputs, properties)

    def _inputs(self) -> dict[str, Any]:
        examples = standard_artifacts.Examples()
        examples.uri = str(self.folder / "examples")
        examples.split_names = artifact_utils.encode_split_names(["train", "validation"])
        graph = standard_artifacts.TransformGraph()
        graph.uri = str(self.folder / "graph")
        return {"examples": [examples], "transform_graph": [graph]}


def write_inputs(folder: Path) -> None:
    """Writes examples and a transform graph."""
    for split, count in {"train": 21, "validation": 10}.items():
        path = folder / "examples" / f"Split-{split}"
        path.mkdir(parents=True)
        write_examples(path / "data.tfrecord", count, seed=count)
    text = tf.io.FixedLenFeature([1], tf.string)
    schema = schema_utils.schema_from_feature_spec({IMAGE: text, LABEL: text})
    image = tf.io.encode_png(tf.zeros([8, 8, 3], tf.uint8)).numpy()
    rows: Sequence[dict[str, list[bytes]]] = [
        {IMAGE: [image], LABEL: [label.encode()]} for label in LABELS
    ]
    settings = {"image_size": IMAGE_SIZE, "interpolation": "bilinear", "scale": "tf"}
    with (
        beam.Pipeline() as pipeline,
        tft_beam.Context(temp_dir=str(folder / "temporary")),
    ):
        data = pipeline | beam.Create(rows), dataset_metadata.DatasetMetadata(schema)
        function = partial(preprocessing_fn, custom_config=settings)
        graph = data | tft_beam.AnalyzeDataset(function)
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
