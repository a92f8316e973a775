"""Transfer learning as TFX's own components do it, put together as TFX's templates do.

TFRecords of tf.Examples, then ImportExampleGen, StatisticsGen, SchemaGen, ExampleValidator,
Transform that stores decoded and resized images as floats (its default), Trainer, Evaluator and
Pusher, on LocalDagRunner. The training is the plain script's, epoch by epoch through the backbone.
`module_file` is left out, in favour of this way: TFX would build and install a wheel for each.

    python -m benchmarks.stock_tfx IMAGES OUTPUT --weights FILE
"""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.metadata_times import read_executions

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

_SPLITS = {"train": "train", "eval": "validation", "test": "test"}
"""Folder of images of each split, by its name in TFX."""


@click.command()
@click.argument("images", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--weights", default="imagenet")
@click.option("--image-size", default=160)
@click.option("--head-epochs", default=10)
@click.option("--fine-tune-epochs", default=10)
@click.option("--seed", default=1)
def main(images: Path, output: Path, **training: object) -> None:
    """Runs the pipeline on IMAGES (train/, validation/, test/), below OUTPUT."""
    start = time.monotonic()
    # Importing tensorflow_transform sets it to 1 where it is not set.
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    output = output.absolute()
    imported = time.monotonic()
    write_records(images, output / "records")
    written = time.monotonic()
    LocalDagRunner().run(build_pipeline(output, training))
    times = {"import": imported - start, "write TFRecords": written - imported}
    executions = read_executions(output / "metadata.sqlite")
    times |= {one.component: one.seconds for one in executions}
    rounded = {name: round(seconds, 3) for name, seconds in times.items()}
    (output / "times.json").write_text(json.dumps(rounded))


def write_records(images: Path, folder: Path) -> None:
    """Writes the images of each split as tf.Examples: bytes, and the number of the class."""
    import tensorflow as tf

    def example(path: Path, label: int) -> bytes:
        image = tf.train.BytesList(value=[path.read_bytes()])
        feature = {
            "image": tf.train.Feature(bytes_list=image),
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        }
        return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()

    for split, source in _SPLITS.items():
        (folder / split).mkdir(parents=True, exist_ok=True)
        classes = sorted(path.name for path in (images / source).iterdir())
        with tf.io.TFRecordWriter(str(folder / split / "images.tfrecord")) as writer:
            for path in sorted((images / source).glob("*/*")):
                writer.write(example(path, classes.index(path.parent.name)))


def build_pipeline(output: Path, training: dict[str, object]) -> "Pipeline":
    """Composes the pipeline.

    Args:
        output: Folder with `records/`; everything that the pipeline makes goes here too.
        training: Options of the training, see `benchmarks.stock_tfx_functions`.
    """
    import tensorflow_model_analysis as tfma
    from tfx import components
    from tfx.orchestration import metadata, pipeline
    from tfx.proto import example_gen_pb2, pusher_pb2, trainer_pb2

    input_config = example_gen_pb2.Input(
        splits=[example_gen_pb2.Input.Split(name=one, pattern=f"{one}/*") for one in _SPLITS]
    )
    examples = components.ImportExampleGen(
        input_base=str(output / "records"), input_config=input_config
    )
    statistics = components.StatisticsGen(examples=examples.outputs["examples"])
    schema = components.SchemaGen(statistics=statistics.outputs["statistics"])
    validator = components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="benchmarks.stock_tfx_functions.preprocessing_fn",
        custom_config={"image_size": training["image_size"]},
    )
    trainer = components.Trainer(
        run_fn="benchmarks.stock_tfx_functions.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=training,
    )
    # Any accuracy passes: what is compared is how long it takes to know it.
    threshold = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": 0.0})
    )
    accuracy = tfma.MetricConfig(class_name="BinaryAccuracy", threshold=threshold)
    evaluator = components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        example_splits=["test"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(signature_name="serving_default", label_key="label")],
            slicing_specs=[tfma.SlicingSpec()],
            metrics_specs=[tfma.MetricsSpec(metrics=[accuracy])],
        ),
    )
    pusher = components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(output / "serving"))
        ),
    )
    return pipeline.Pipeline(
        pipeline_name="stock",
        pipeline_root=str(output / "artifacts"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(output / "metadata.sqlite")
        ),
        components=[
            examples, statistics, schema, validator, transform, trainer, evaluator, pusher,
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
