"""Runs the missing shards of a plan on Beam.

The model is held by Beam's own RunInference, which loads it once per process. What it is given is
whole shards: Beam hands on single elements, and a shard that is to appear at once would have to be
grouped again, which waits until everything is asked. So each shard is written as soon as it is
done, and a run that is stopped keeps it. (TFX-BSL's handler is not used: it fails a batch for one
bad image, and returns every image's bytes with its scores.)
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from components.beam import is_on_this_machine
from pipeline.predict.answering import answer
from pipeline.predict.batch_plan import Plan
from pipeline.predict.batch_shards import write_shard
from pipeline.predict.find_model import UsageMistake
from pipeline.predict.prediction import Prediction
from pipeline.predict.saved_model import LoadedModel

Answered = tuple[int, list[Prediction]]
"""A shard's number, and what the model says of its files."""


def run_on_beam(plan: Plan, shards: Sequence[int], beam_args: Sequence[str]) -> None:
    """Asks about the files of some shards and writes them.

    Args:
        plan: The plan, whose folder every worker must see under the same path.
        shards: Which ones.
        beam_args: Beam's own options; without any it runs in this process.

    Raises:
        UsageMistake: Beam does not know one of the options.
        Exception: Whatever stopped it.
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
    """Refuses what Beam would pass over with a line in its log.

    Raises:
        UsageMistake: There is an option that it does not know.
    """
    if not is_on_this_machine(options.view_as(StandardOptions).runner):
        return  # Runners elsewhere have options of their own.
    known = options.get_all_options()
    unknown = options.get_all_options(retain_unknown_options=True).keys() - known.keys()
    if unknown:
        raise UsageMistake(f"--beam-arg: Beam has no option --{min(unknown)}.")


class ShardHandler(ModelHandler[int, Answered, LoadedModel]):
    """Tells RunInference how to load the model and how to ask it about a shard."""

    def __init__(self, plan: Plan) -> None:
        """Remembers the plan."""
        super().__init__()
        self._plan = plan

    def load_model(self) -> LoadedModel:
        """Loads the model, once per process."""
        return LoadedModel(Path(self._plan.job.model), self._plan.job.top)

    def run_inference(
        self, batch: Sequence[int], model: LoadedModel, inference_args: dict[str, Any] | None = None
    ) -> Iterable[Answered]:
        """Asks about the files of the shards that `batch` numbers."""
        for shard in batch:
            answers = answer(model, self._plan.read_inputs(shard))
            yield shard, [one for several in answers for one in several]

    def should_skip_batching(self) -> bool:
        """A shard is a batch already."""
        return True


class WriteShard(beam.DoFn):
    """Writes a shard as soon as it is answered."""

    def __init__(self, plan: Plan) -> None:
        """Remembers the plan."""
        self._plan = plan

    def process(self, answered: Answered) -> Iterator[int]:
        """Writes one shard and yields its number."""
        shard, predictions = answered
        write_shard(self._plan, shard, predictions)
        yield shard
