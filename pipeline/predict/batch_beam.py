"""Runs the missing shards of a plan on Beam.

Beam's RunInference holds the model, which it loads once per process. Its elements are whole shards:
if they were images, the predictions would have to be grouped into shards again, and Beam's grouping
waits for all images. This way each shard is written as soon as it is finished, and a run that is
stopped keeps it. (TFX-BSL's model handler is not used: one bad image fails its whole batch, and it
returns the bytes of every image with its scores.)
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from components.beam import is_on_this_machine
from pipeline.predict.batch_plan import Plan
from pipeline.predict.batch_shards import write_shard
from pipeline.predict.find_model import UsageError
from pipeline.predict.prediction import Prediction
from pipeline.predict.saved_model import LoadedModel, predict_files

ShardPredictions = tuple[int, list[Prediction]]
"""A shard's number and the predictions for its files."""


def run_on_beam(plan: Plan, shards: Sequence[int], beam_args: Sequence[str]) -> None:
    """Predicts the files of some shards and writes the shards.

    Every worker must see the plan's folder at the same path. By default Beam runs in this process.

    Raises:
        UsageError: Beam does not know one of the options.
        Exception: Beam or a worker failed.
    """
    options = PipelineOptions(["--direct_running_mode=in_memory", *beam_args])
    _check_options(options)
    with beam.Pipeline(options=options) as pipeline:
        _ = (
            pipeline
            | "Shards" >> beam.Create([[shard] for shard in shards])
            | "ShareOut" >> beam.Reshuffle()
            | "Predict" >> RunInference(ShardHandler(plan))
            | "Write" >> beam.ParDo(WriteShard(plan))
        )


def _check_options(options: PipelineOptions) -> None:
    """Checks for options that Beam would ignore with a warning in its log.

    Raises:
        UsageError: Beam does not know an option.
    """
    if not is_on_this_machine(options.view_as(StandardOptions).runner):
        return  # Remote runners have their own options.
    known = options.get_all_options()
    unknown = options.get_all_options(retain_unknown_options=True).keys() - known.keys()
    if unknown:
        raise UsageError(f"--beam-arg: Beam has no option --{min(unknown)}.")


class ShardHandler(ModelHandler[int, ShardPredictions, LoadedModel]):
    """How RunInference loads the model and predicts a shard."""

    def __init__(self, plan: Plan) -> None:
        """Stores the plan."""
        super().__init__()
        self._plan = plan

    def load_model(self) -> LoadedModel:
        """Loads the model, once per process."""
        return LoadedModel(Path(self._plan.job.model), self._plan.job.top)

    def run_inference(
        self, batch: Sequence[int], model: LoadedModel, inference_args: dict[str, Any] | None = None
    ) -> Iterable[ShardPredictions]:
        """Predicts the files of the shards whose numbers are in `batch`."""
        for shard in batch:
            batches = predict_files(model, self._plan.read_inputs(shard))
            yield shard, [one for predictions in batches for one in predictions]

    def should_skip_batching(self) -> bool:
        """A shard is a batch already."""
        return True


class WriteShard(beam.DoFn):
    """Writes a shard as soon as its predictions are complete."""

    def __init__(self, plan: Plan) -> None:
        """Stores the plan."""
        self._plan = plan

    def process(self, predicted: ShardPredictions) -> Iterator[int]:
        """Writes one shard and yields its number."""
        shard, predictions = predicted
        write_shard(self._plan, shard, predictions)
        yield shard
