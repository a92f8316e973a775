"""`predict --batch`: predictions of a large folder, in shards that are never done twice."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from components.errors import UserError
from pipeline.console.stderr import hide_library_stderr
from pipeline.predict.find_model import UsageMistake, find_model
from pipeline.predict.predict import conclude
from pipeline.predict.progress import Counter, counted, spinner
from pipeline.run.failure import failure

if TYPE_CHECKING:
    from pipeline.predict.batch_plan import Plan, ShardFormat

SHARD_SIZE = 1000
"""Files in a shard: with 100 images a second, what a kill undoes is 10 seconds' work."""


class BatchError(UserError):
    """Something stopped the batch; what is done stays."""


def predict_batch(
    where: Path,
    images: Sequence[str],
    name: str | None,
    output: Path,
    shard_format: "ShardFormat",
    top: int,
    shard_size: int | None,
    beam_args: Sequence[str],
) -> Counter:
    """Classifies images and writes the answers as shards, but for those that are there already.

    Args:
        where: A SavedModel, a folder of versions, or a workspace.
        images: Files, folders, patterns, or `-`: see `pipeline.predict.inputs`.
        name: Which model of a workspace.
        output: Folder for the shards.
        shard_format: As what to write them.
        top: How many classes an image gets.
        shard_size: Files in a shard; None is `SHARD_SIZE`.
        beam_args: Beam's own options.

    Returns:
        How many files there are in all shards, and how many of them failed.

    Raises:
        ModelChoiceError, ModelError: There is no such model, or it cannot be used.
        PlanError: The folder cannot be used, or was begun with something else.
        UsageMistake: Beam does not know one of its options.
        BatchError: Something else stopped it.
    """
    folder = find_model(where, name).absolute()
    with hide_library_stderr() as stderr, ExitStack() as taken:
        with spinner("Listing the files", stderr):
            # TensorFlow comes with these: seconds, and what it logs.
            from pipeline.predict.batch_plan import Job, fingerprint_model, open_plan
            from pipeline.predict.inputs import list_images

            job = Job(
                model=str(folder),
                model_sha256=fingerprint_model(folder),
                format=shard_format,
                top=top,
                shard_size=shard_size or SHARD_SIZE,
            )
            plan = taken.enter_context(open_plan(output, job, list_images(images)))
        _run(plan, beam_args, stderr)
        counter = _count(plan)
        conclude(counter, stderr)
    return counter


def _run(plan: "Plan", beam_args: Sequence[str], stderr: TextIO) -> None:
    """Does what is missing, and shows how far it is."""
    missing = plan.missing
    if not missing:
        return
    from pipeline.predict.batch_beam import run_on_beam

    counter = Counter()
    counter.total = plan.files
    counter.before = plan.files_done

    def look() -> None:
        # Whatever runs it, and wherever: a shard that is there is done.
        counter.done = plan.files_done

    try:
        with counted(counter, stderr, look):
            run_on_beam(plan, missing, beam_args)
    except UsageMistake:
        raise
    except Exception as error:  # Beam raises what its workers do, wrapped in this or that.
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        told = failure(None, error)
        raise BatchError(
            f"the batch was stopped by an error: {told.cause}",
            told.hint or "What is done stays; once that is mended, the same command goes on.",
        ) from error


def _count(plan: "Plan") -> Counter:
    from pipeline.predict.batch_shards import count_errors

    counter = Counter()
    counter.done = plan.files
    counter.failed = sum(count_errors(plan.path(shard)) for shard in range(plan.shards))
    return counter
