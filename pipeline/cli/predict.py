"""The command `predict`: its options, and which of them exclude each other."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import DEFAULT_WORKSPACE
from pipeline.exit_codes import FAILED

if TYPE_CHECKING:
    from pipeline.predict.batch_plan import ShardFormat

_STDIN = "-"


@click.command(short_help="Print label and score of images.")
@click.argument("paths", metavar="[MODEL_OR_WORKSPACE] IMAGE...", nargs=-1, required=True)
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
    help="Write shards to --output, through Beam; an interrupted run is resumed.",
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
    paths: Sequence[str],
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

    MODEL_OR_WORKSPACE is a SavedModel, a folder of versions (WORKSPACE/serving/MODEL: its newest
    is used) or a workspace. IMAGEs are files, folders with everything below them, quoted patterns
    such as 'images/**/*.png', or - for paths from stdin, one a line. Files that are not images are
    reported with the reason, and the others are classified; the exit code is then 1.

    MODEL_OR_WORKSPACE may be left out before a file, a pattern or -, and before a single folder of
    images: it is then ./workspace, the default of run.
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

    where, images = _split(paths)
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
    return FAILED if counter.failed or not counter.done else 0


def _split(paths: Sequence[str]) -> tuple[Path, Sequence[str]]:
    """Where the model is, and the images; see the help of the command for the default."""
    from pipeline.predict.find_model import is_model_or_workspace

    first = Path(paths[0])
    if len(paths) == 1:
        if is_model_or_workspace(first):
            raise click.UsageError(f"Missing argument 'IMAGE...': {first} is the model.")
        return DEFAULT_WORKSPACE, paths
    if paths[0] == _STDIN or first.is_file() or (glob.has_magic(paths[0]) and not first.is_dir()):
        return DEFAULT_WORKSPACE, paths
    return first, paths[1:]
