"""The command `predict`: its options, and what they must not be.

As in `pipeline.cli.main`, only click is imported here, so that `--help` answers at once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.predict.batch_plan import ShardFormat

_FAILED = 1


@click.command()
@click.argument("where", metavar="MODEL_OR_WORKSPACE", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--model", "name", metavar="NAME", help="Which model of a workspace.")
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many classes to show of each image.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a row of CSV for each file.")
@click.option(
    "--batch",
    is_flag=True,
    help="Write shards to --output, through Beam; a run that was stopped goes on where it was.",
)
@click.option(
    "--output", metavar="FOLDER", type=click.Path(path_type=Path), help="With --batch: where to."
)
@click.option(
    "--format",
    "shard_format",
    type=click.Choice(["parquet", "jsonl"]),
    help="With --batch: as what.  [default: parquet]",
)
@click.option(
    "--shard-size",
    metavar="N",
    type=click.IntRange(min=1),
    help="With --batch: files in a shard.  [default: 1000]",
)
@click.option(
    "--beam-arg",
    "beam_args",
    metavar="OPTION",
    multiple=True,
    help="With --batch: an option of Beam's, as --beam-arg=--runner=FlinkRunner; repeatable.",
)
def predict(
    where: Path,
    images: Sequence[str],
    name: str | None,
    top: int,
    as_json: bool,
    as_csv: bool,
    batch: bool,
    output: Path | None,
    shard_format: "ShardFormat | None",
    shard_size: int | None,
    beam_args: Sequence[str],
) -> int:
    """Print label and score of each IMAGE.

    MODEL_OR_WORKSPACE is a SavedModel, a folder of versions (WORKSPACE/serving/MODEL: the newest
    one is asked) or a workspace. IMAGEs are files, folders with all that is below them, quoted
    patterns such as 'images/**/*.png', or - for paths from stdin, one a line. A file that is no
    image is told with its reason, and the others are classified; the exit code is then 1.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    if batch and (as_json or as_csv):
        raise click.UsageError("--batch writes files: choose with --format, not --json or --csv.")
    if batch and output is None:
        raise click.UsageError("--batch needs --output, the folder for the shards.")
    if not batch:
        for option, value in (
            ("--output", output),
            ("--format", shard_format),
            ("--shard-size", shard_size),
            ("--beam-arg", beam_args),
        ):
            if value:
                raise click.UsageError(f"{option} goes with --batch.")
    from components.errors import UserError
    from pipeline.predict.find_model import UsageError

    try:
        if output is None:
            from pipeline.predict.predict import predict as predict_here

            counter = predict_here(
                where, images, name, top, "json" if as_json else "csv" if as_csv else "text"
            )
        else:
            from pipeline.predict.batch import predict_batch

            counter = predict_batch(
                where, images, name, output, shard_format or "parquet", top, shard_size, beam_args
            )
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    except UserError as error:
        raise click.ClickException(str(error)) from None
    return _FAILED if counter.failed or not counter.done else 0
