"""`predict --batch`: predictions for a large folder, in shards; finished shards are kept."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from components.errors import UserError
from components.format import count
from components.printable import printable
from pipeline.console.stderr import hide_library_stderr
from pipeline.predict.find_model import UsageError, find_model
from pipeline.predict.predict import print_summary
from pipeline.predict.progress import Counter, show_progress, spinner
from pipeline.run.failure import failure

if TYPE_CHECKING:
    from pipeline.predict.batch_plan import Plan, ShardFormat

SHARD_SIZE = 1000
"""Files per shard: at 100 images per second, a kill loses 10 seconds of work."""


class BatchError(UserError):
    """An error stopped the batch; finished shards are kept."""


def predict_batch(
    model_path: Path,
    images: Sequence[str],
    name: str | None,
    output: Path,
    shard_format: "ShardFormat",
    top: int,
    shard_size: int | None,
    beam_args: Sequence[str],
) -> Counter:
    """Predicts images and writes shards, except those that exist; counts files and failures.

    See `pipeline.predict.find_model` for `model_path` and `name`, `pipeline.predict.inputs` for
    `images`.

    Raises:
        ModelChoiceError, ModelError: The model does not exist or cannot be used.
        PlanError: The output folder cannot be used, or belongs to another batch.
        UsageError: Beam does not know one of `beam_args`.
        BatchError: Another error stopped it.
    """
    folder = find_model(model_path, name).absolute()
    with hide_library_stderr() as stderr, ExitStack() as stack:
        with spinner("Listing the files", stderr):
            # These import TensorFlow, which takes seconds.
            from pipeline.predict.batch_plan import Job, fingerprint_model, open_plan
            from pipeline.predict.inputs import list_images

            job = Job(
                model=str(folder),
                model_sha256=fingerprint_model(folder),
                format=shard_format,
                top=top,
                shard_size=shard_size or SHARD_SIZE,
            )
            plan = stack.enter_context(open_plan(output, job, list_images(images)))
        is_new = bool(plan.missing)
        _run(plan, beam_args, stderr)
        counter = _count(plan)
        if counter.done:
            print(_written(plan, is_new), file=stderr)
        print_summary(counter, stderr)
    return counter


def _written(plan: "Plan", is_new: bool) -> str:
    """Where the predictions are, in a sentence."""
    predictions, files = count(plan.files, "prediction"), count(plan.shards, "file")
    format_name = {"parquet": "Parquet", "jsonl": "JSON lines"}[plan.job.format]
    already = "" if is_new else ", complete before"
    return f"{printable(str(plan.output))}: {predictions} in {files} of {format_name}{already}."


def _run(plan: "Plan", beam_args: Sequence[str], stderr: TextIO) -> None:
    """Runs the missing shards and shows the progress."""
    missing = plan.missing
    if not missing:
        return
    from pipeline.predict.batch_beam import run_on_beam

    counter = Counter()
    counter.total = plan.files
    counter.before = plan.files_done

    def refresh() -> None:
        # Works with every runner, remote ones too: a shard that exists is finished.
        counter.done = plan.files_done

    try:
        with show_progress(counter, stderr, refresh):
            run_on_beam(plan, missing, beam_args)
    except UsageError:
        raise
    except Exception as error:  # Beam wraps the exceptions of its workers.
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        failed = failure(None, error)
        from pipeline.predict.batch_shards import RESUME_HINT

        raise BatchError(
            f"the batch was stopped by an error: {failed.cause}",
            failed.hint or RESUME_HINT,
        ) from error


def _count(plan: "Plan") -> Counter:
    from pipeline.predict.batch_shards import count_errors

    counter = Counter()
    counter.done = plan.files
    counter.failed = sum(count_errors(plan.path(shard)) for shard in range(plan.shards))
    return counter
