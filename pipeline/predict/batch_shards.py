"""One shard of predictions, as Parquet or JSON lines, written atomically."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import UserError
from pipeline.predict.output import record
from pipeline.predict.prediction import Prediction

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.predict.batch_plan import Plan


RESUME_HINT = "Finished shards are kept; fix the cause and run the same command again to resume."


class ShardError(UserError):
    """A shard cannot be written."""


def write_shard(plan: "Plan", shard: int, predictions: Sequence[Prediction]) -> None:
    """Writes a shard to a temporary file, flushes it to disk and renames it.

    Raises:
        ShardError: It cannot be written; no partial file is left.
    """
    path = plan.path(shard)
    # Two workers may get the same shard, if the runner believes that one of them died.
    partial = path.with_name(f".{path.name}-{os.getpid()}.partial")
    records = [record(one, plan.job.top) for one in predictions]
    try:
        if plan.job.format == "parquet":
            _write_parquet(partial, records, plan.job.top)
        else:
            partial.write_text("".join(json.dumps(one) + "\n" for one in records))
        _flush(partial)
        partial.replace(path)
        _flush(path.parent)
    except OSError as error:
        # PyArrow adds text of its own to the system's message.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ShardError(
            f"{path} cannot be written: {reason}.",
            RESUME_HINT,
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def count_errors(path: Path) -> int:
    """Number of files in a finished shard that could not be classified."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        errors = pq.read_table(path, columns=["error"]).column("error")
        return len(errors) - errors.null_count
    with path.open() as lines:
        return sum(json.loads(line)["error"] is not None for line in lines)


def _write_parquet(path: Path, records: list[dict[str, Any]], top: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(records, schema=_schema(top)), path)


def _schema(top: int) -> "pa.Schema":
    import pyarrow as pa

    scored = [("label", pa.string()), ("score", pa.float32())]
    more = [("top", pa.list_(pa.struct(scored)))] if top > 1 else []
    return pa.schema([("path", pa.string()), *scored, *more, ("error", pa.string())])


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
