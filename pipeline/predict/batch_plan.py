"""Which files go into which shard, written down so that a run that was stopped can go on.

    OUTPUT/part-00000-of-00007.parquet   what is done
    OUTPUT/_plan/plan.json               what the shards depend on: the model, the options
    OUTPUT/_plan/inputs-00000.jsonl      the files of each shard

Readers of Parquet folders pass over names that begin with `_`.
"""

import fcntl
import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from components import storage
from components.errors import UserError
from components.example_gen.sources.source import readable
from pipeline.predict.inputs import Listed
from pipeline.run.paths import write_whole

ShardFormat = Literal["parquet", "jsonl"]
_PLAN_FOLDER = "_plan"
_OTHER_OUTPUT = "Give another --output, or delete this one."
_SAME_OR_OTHER = "Give the same to go on with it, or another --output."


class PlanError(UserError):
    """The output folder cannot be used, or belongs to something else."""


@dataclass(frozen=True)
class Job:
    """What the contents of the shards depend on, besides the files."""

    model: str
    """Absolute path of the SavedModel."""
    model_sha256: str
    """See `fingerprint_model`."""
    format: ShardFormat
    top: int
    """How many classes an image gets."""
    shard_size: int
    """Files in a shard."""


@dataclass(frozen=True)
class Plan:
    """A job and its files, in shards."""

    output: Path
    job: Job
    files: int

    @property
    def shards(self) -> int:
        """How many there are."""
        return math.ceil(self.files / self.job.shard_size)

    @property
    def missing(self) -> list[int]:
        """Shards that are still to be done."""
        return [shard for shard in range(self.shards) if not self.path(shard).exists()]

    @property
    def files_done(self) -> int:
        """Files of the shards that are done."""
        size = self.job.shard_size
        undone = sum(min(size, self.files - shard * size) for shard in self.missing)
        return self.files - undone

    def path(self, shard: int) -> Path:
        """Where a shard goes."""
        return self.output / f"part-{shard:05d}-of-{self.shards:05d}.{self.job.format}"

    def read_inputs(self, shard: int) -> Iterator[Listed]:
        """The files of a shard."""
        with _inputs(self.output, shard).open() as lines:
            for line in lines:
                path, error, *_ = json.loads(line)
                yield Listed(path, error)


def fingerprint_model(folder: Path) -> str:
    """The sha256 of what a SavedModel computes with, in hex: the same for a copy elsewhere.

    `assets.extra` is left out: it tells where a version comes from, and changes nothing.
    """
    files = [
        *folder.glob("saved_model.*"),
        *folder.glob("variables/**/*"),
        *folder.glob("assets/**/*"),
    ]
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        digest.update(f"{file.relative_to(folder)} {storage.hash_file(str(file))}\n".encode())
    return digest.hexdigest()


@contextmanager
def open_plan(output: Path, job: Job, listed: Iterable[Listed]) -> Iterator[Plan]:
    """Takes the output folder, with its plan: a new one, or the one that it was begun with.

    Args:
        output: The folder, made if missing; nobody else may use it meanwhile.
        job: What to do.
        listed: The files.

    Yields:
        The plan.

    Raises:
        PlanError: The folder is in use, cannot be written, or was begun with something else.
    """
    output = Path(os.path.abspath(output))
    try:
        before = {entry.name for entry in output.iterdir()} if output.exists() else set()
        (output / _PLAN_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlanError(f"{output} cannot be used: {error.strerror}.") from error
    with _locked(output):
        located = _locate(listed, output)
        written = output / _PLAN_FOLDER / "plan.json"
        if written.exists():
            plan = _read_plan(written, output)
            _check_job(plan, job)
            _check_inputs(plan, located)
        else:
            if strangers := sorted(before - {_PLAN_FOLDER}):
                raise PlanError(
                    f"{output} holds other files, as {readable(strangers[0])}.", _OTHER_OUTPUT
                )
            plan = _write_plan(written, output, job, located)
        for partial in output.glob(".*.partial"):
            partial.unlink()
        yield plan


def _inputs(output: Path, shard: int) -> Path:
    return output / _PLAN_FOLDER / f"inputs-{shard:05d}.jsonl"


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """The lock goes with its holder's process, however that ends."""
    descriptor = os.open(output / _PLAN_FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise PlanError(
            f"another process is writing to {output}.", "Wait for it, or give another --output."
        ) from None
    finally:
        os.close(descriptor)


def _locate(listed: Iterable[Listed], output: Path) -> Iterator[tuple[Any, ...]]:
    """What the plan keeps of each file: absolute path, error, and how to see that it changed."""
    for one in listed:
        path = os.path.abspath(one.path)
        if Path(path).is_relative_to(output):
            raise PlanError(
                f"the output {output} is among the images.", "Give an --output outside of them."
            )
        facts = None
        with suppress(OSError, ValueError):
            facts = storage.file_facts(path)
        yield path, one.error, *(facts or (None, None))


def _write_plan(written: Path, output: Path, job: Job, located: Iterator[tuple[Any, ...]]) -> Plan:
    files = 0
    try:
        for left in written.parent.glob("inputs-*"):  # Of a planner that died.
            left.unlink()
        for shard in itertools.count():
            inputs = list(itertools.islice(located, job.shard_size))
            if not inputs:
                break
            text = "".join(json.dumps(one) + "\n" for one in inputs)
            write_whole(_inputs(output, shard), text)
            files += len(inputs)
        # From here on there is a plan.
        write_whole(written, json.dumps({**asdict(job), "files": files}, indent=2))
    except OSError as error:
        raise PlanError(f"{output} cannot be written: {error.strerror}.") from error
    return Plan(output, job, files)


def _read_plan(written: Path, output: Path) -> Plan:
    try:
        fields = json.loads(written.read_text())
        return Plan(output, files=fields.pop("files"), job=Job(**fields))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{written} cannot be read: {error}.", _OTHER_OUTPUT) from error


def _check_job(plan: Plan, job: Job) -> None:
    begun = plan.job
    if begun.model_sha256 != job.model_sha256:
        raise PlanError(
            f"{plan.output} was begun with another model: {begun.model}, and not {job.model}.",
            "Give that model to go on with it, or another --output.",
        )
    for option in ("format", "top", "shard_size"):
        old, new = getattr(begun, option), getattr(job, option)
        if old != new:
            flag = f"--{option.replace('_', '-')}"
            raise PlanError(
                f"{plan.output} was begun with {flag} {old}, and not {new}.",
                _SAME_OR_OTHER,
            )


def _check_inputs(plan: Plan, located: Iterator[tuple[Any, ...]]) -> None:
    begun = (
        tuple(json.loads(line))
        for shard in range(plan.shards)
        for line in _inputs(plan.output, shard).read_text().splitlines()
    )
    for old, new in itertools.zip_longest(begun, located):
        if old != new:
            if old is None or (new is not None and new[0] < old[0]):
                change = f"{readable(new[0])} is new"
            elif new is None or new[0] != old[0]:
                change = f"{readable(old[0])} is gone"
            else:
                change = f"{readable(new[0])} has changed"
            raise PlanError(
                f"{plan.output} was begun with other files: {change}.",
                _SAME_OR_OTHER,
            )
