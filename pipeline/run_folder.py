"""The folder of one run in its workspace."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pipeline.config import PipelineConfig


class WorkspaceError(Exception):
    """A workspace that cannot be used: held by another run, not writable, full."""


@dataclass(frozen=True)
class RunFolder:
    """What one run leaves for people and machines.

    Attributes:
        workspace: Absolute path of the workspace.
        run_id: Name of the run; names sort by the time at which runs started.
    """

    workspace: Path
    run_id: str

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.workspace / "runs" / self.run_id

    @property
    def config(self) -> Path:
        """The effective configuration, for the worker."""
        return self.path / "config.json"

    @property
    def events(self) -> Path:
        """Everything the worker told, one event a line."""
        return self.path / "events.jsonl"

    @property
    def summary(self) -> Path:
        """The run's summary."""
        return self.path / "summary.json"

    @property
    def log(self) -> Path:
        """What TensorFlow, Beam and TFX had to say."""
        return self.workspace / "logs" / f"{self.run_id}.log"


def open_run(workspace: Path, config: PipelineConfig) -> RunFolder:
    """Makes a run's folder; the workspace must be held, see `pipeline.run_lock`.

    Args:
        workspace: The workspace, made if missing.
        config: The run's configuration, written into the folder.

    Raises:
        WorkspaceError: It cannot be written.
    """
    run = RunFolder(workspace.absolute(), new_run_id())
    with _writing(run.workspace):
        run.path.mkdir(parents=True)
        run.log.parent.mkdir(exist_ok=True)
        write_whole(run.config, config.model_dump_json(by_alias=True, indent=2))
    return run


def new_run_id() -> str:
    """A name such as `20261123T042531Z-3fa1`: the time in UTC, and a part by chance."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that a reader sees all of it or none, whenever this process dies."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


@contextmanager
def _writing(workspace: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        message = f"the workspace {workspace} cannot be used: {error.strerror}{where}"
        raise WorkspaceError(message) from None
