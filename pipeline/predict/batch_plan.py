"""Which files go into which shard, saved so that a run that was stopped can resume.

    OUTPUT/part-00000-of-00007.parquet   a finished shard
    OUTPUT/_plan/plan.json               what the shards depend on: the model, the options
    OUTPUT/_plan/inputs-00000.jsonl      the files of each shard

Readers of Parquet folders ignore names that begin with `_`.
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
from components.printable import printable
from pipeline.predict.inputs import Listed
from pipeline.run.paths import write_whole

ShardFormat = Literal["parquet", "jsonl"]
_PLAN_FOLDER = "_plan"
_OTHER_OUTPUT_HINT = "Choose another --output, or delete this one."
_RESUME_HINT = "Use the same again to resume, or choose another --output."


class PlanError(UserError):
    """The output folder cannot be used, or belongs to another batch."""


@dataclass(frozen=True)
class Job:
    """Everything besides the files that the contents of the shards depend on."""

    model: str
    """Absolute path of the SavedModel."""
    model_sha256: str
    """See `fingerprint_model`."""
    format: ShardFormat
    top: int
    """Number of classes per image."""
    shard_size: int
    """Files per shard."""


@dataclass(frozen=True)
class Plan:
    """A job and its files, in shards."""

    output: Path
    job: Job
    files: int

    @property
    def shards(self) -> int:
        """Number of shards."""
        return math.ceil(self.files / self.job.shard_size)

    @property
    def missing(self) -> list[int]:
        """Numbers of the shards that are not finished."""
        return [shard for shard in range(self.shards) if not self.path(shard).exists()]

    @property
    def files_done(self) -> int:
        """Number of files in finished shards."""
        size = self.job.shard_size
        unfinished = sum(min(size, self.files - shard * size) for shard in self.missing)
        return self.files - unfinished

    def path(self, shard: int) -> Path:
        """The file of a shard."""
        return self.output / f"part-{shard:05d}-of-{self.shards:05d}.{self.job.format}"

    def read_inputs(self, shard: int) -> Iterator[Listed]:
        """The files of a shard."""
        with _inputs(self.output, shard).open() as lines:
            for line in lines:
                path, error, *_ = json.loads(line)
                yield Listed(path, error)


def fingerprint_model(folder: Path) -> str:
    """SHA-256 of the graph, variables and assets of a SavedModel, in hex; a copy has the same.

    `assets.extra` is left out: it records the origin of a version and does not affect predictions.
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
    """Locks the output folder until the context ends; creates its plan, or checks the one it has.

    Raises:
        PlanError: The folder is in use, cannot be written, or belongs to another batch.
    """
    output = Path(os.path.abspath(output))
    try:
        existing = {entry.name for entry in output.iterdir()} if output.exists() else set()
        (output / _PLAN_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlanError(f"{output} cannot be used: {error.strerror}.") from error
    with _locked(output):
        located = _locate(listed, output)
        plan_file = output / _PLAN_FOLDER / "plan.json"
        if plan_file.exists():
            plan = _read_plan(plan_file, output)
            _check_job(plan, job)
            _check_inputs(plan, located)
        else:
            if others := sorted(existing - {_PLAN_FOLDER}):
                raise PlanError(
                    f"{output} contains other files, such as {printable(others[0])}.",
                    _OTHER_OUTPUT_HINT,
                )
            plan = _write_plan(plan_file, output, job, located)
        for partial in output.glob(".*.partial"):
            partial.unlink()
        yield plan


def _inputs(output: Path, shard: int) -> Path:
    return output / _PLAN_FOLDER / f"inputs-{shard:05d}.jsonl"


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """The kernel releases the lock when the process ends."""
    descriptor = os.open(output / _PLAN_FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise PlanError(
            f"another process is writing to {output}.", "Wait for it, or choose another --output."
        ) from None
    finally:
        os.close(descriptor)


def _locate(listed: Iterable[Listed], output: Path) -> Iterator[tuple[Any, ...]]:
    """Each file's entry in the plan: absolute path, error, and facts that reveal a change."""
    for one in listed:
        path = os.path.abspath(one.path)
        if Path(path).is_relative_to(output):
            raise PlanError(
                f"the output {output} is among the images.", "Choose an --output outside of them."
            )
        facts = None
        with suppress(OSError, ValueError):
            facts = storage.file_facts(path)
        yield path, one.error, *(facts or (None, None))


def _write_plan(
    plan_file: Path, output: Path, job: Job, located: Iterator[tuple[Any, ...]]
) -> Plan:
    files = 0
    try:
        for leftover in plan_file.parent.glob("inputs-*"):  # Of a process that died.
            leftover.unlink()
        for shard in itertools.count():
            inputs = list(itertools.islice(located, job.shard_size))
            if not inputs:
                break
            text = "".join(json.dumps(one) + "\n" for one in inputs)
            write_whole(_inputs(output, shard), text)
            files += len(inputs)
        # The plan exists from here on.
        write_whole(plan_file, json.dumps({**asdict(job), "files": files}, indent=2))
    except OSError as error:
        raise PlanError(f"{output} cannot be written: {error.strerror}.") from error
    return Plan(output, job, files)


def _read_plan(plan_file: Path, output: Path) -> Plan:
    try:
        fields = json.loads(plan_file.read_text())
        return Plan(output, files=fields.pop("files"), job=Job(**fields))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{plan_file} cannot be read: {error}.", _OTHER_OUTPUT_HINT) from error


def _check_job(plan: Plan, job: Job) -> None:
    old_job = plan.job
    if old_job.model_sha256 != job.model_sha256:
        raise PlanError(
            f"{plan.output} was started with another model: {old_job.model}, not {job.model}.",
            "Use that model to resume, or choose another --output.",
        )
    for option in ("format", "top", "shard_size"):
        old, new = getattr(old_job, option), getattr(job, option)
        if old != new:
            flag = f"--{option.replace('_', '-')}"
            raise PlanError(
                f"{plan.output} was started with {flag} {old}, not {new}.",
                _RESUME_HINT,
            )


def _check_inputs(plan: Plan, located: Iterator[tuple[Any, ...]]) -> None:
    planned = (
        tuple(json.loads(line))
        for shard in range(plan.shards)
        for line in _inputs(plan.output, shard).read_text().splitlines()
    )
    for old, new in itertools.zip_longest(planned, located):
        if old != new:
            if old is None or (new is not None and new[0] < old[0]):
                change = f"{printable(new[0])} is new"
            elif new is None or new[0] != old[0]:
                change = f"{printable(old[0])} is gone"
            else:
                change = f"{printable(new[0])} has changed"
            raise PlanError(
                f"{plan.output} was started with other files: {change}.",
                _RESUME_HINT,
            )
