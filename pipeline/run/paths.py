"""The folder of one run in its workspace."""

import errno
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from components import storage
from components.errors import UserError
from pipeline.config.schema import PipelineConfig

_TIME = "%Y%m%dT%H%M%SZ"


class WorkspaceError(Exception):
    """A workspace that cannot be used: locked by another run, not writable, full."""


@dataclass(frozen=True)
class RunFolder:
    """What one run leaves for people and machines; names sort by the time at which runs started."""

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
        """Everything the worker reported, one event a line."""
        return self.path / "events.jsonl"

    @property
    def summary(self) -> Path:
        """The run's summary."""
        return self.path / "summary.json"

    @property
    def log(self) -> Path:
        """The log of TensorFlow, Beam and TFX."""
        return self.workspace / "logs" / f"{self.run_id}.log"


def open_run(workspace: Path, config: PipelineConfig) -> RunFolder:
    """Makes a run's folder, its configuration in it; for the lock see `pipeline.run.lock`.

    Raises:
        WorkspaceError: It cannot be written.
    """
    workspace = workspace.absolute()
    with _writing(workspace):
        names = os.listdir(workspace / "runs") if (workspace / "runs").is_dir() else []
        run = RunFolder(workspace, new_run_id(names))
        run.path.mkdir(parents=True)
        run.log.parent.mkdir(exist_ok=True)
        write_whole(run.config, config.model_dump_json(by_alias=True, indent=2))
    return run


def new_run_id(earlier: Iterable[str] = ()) -> str:
    """A name such as `20261123T042531Z-3fa1`: the time in UTC and random digits.

    It sorts after the names of earlier runs: like a version's number, the time in it never goes
    back with the clock. Otherwise a run from a clock in the future would stay the newest.
    """
    now = datetime.now(timezone.utc).replace(microsecond=0)
    second = timedelta(seconds=1)
    times = [time + second for time in map(started_at, earlier) if time and time.year < 9999]
    return f"{max([now, *times]):{_TIME}}-{secrets.token_hex(2)}"


def started_at(run_id: str) -> datetime | None:
    """The time in a run's name; None if it has none, as in names of other tools."""
    with suppress(ValueError):
        return datetime.strptime(run_id.partition("-")[0], _TIME).replace(tzinfo=timezone.utc)
    return None


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that a reader sees all of it or none, even if this process dies."""
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
        raise unusable(workspace, error) from None


def unusable(workspace: Path, error: OSError) -> WorkspaceError:
    """The error for a workspace that cannot be read, locked or written."""
    where = f" ({error.filename})" if error.filename else ""
    reason = error.strerror
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        reason = f"its file system does not support locks ({error.strerror})"
    return WorkspaceError(f"the workspace {workspace} cannot be used: {reason}{where}")


@dataclass(frozen=True)
class Workspace:
    """The folder of everything of a pipeline: an absolute path, or a URL (`gs://...`)."""

    root: Path | str

    def artifacts(self, config: PipelineConfig) -> str:
        """TFX's pipeline root: the outputs of every component of every run."""
        return self._folder("artifacts", config)

    def metadata(self, config: PipelineConfig) -> Path:
        """TFX's metadata, a SQLite file; for a workspace on this machine."""
        return Path(config.metadata.path or Path(self.root) / "metadata.sqlite").absolute()

    def serving(self, config: PipelineConfig) -> str:
        """The versions of the model in service: a path, or a URL."""
        folder = config.push.folder
        if not folder:
            return self._folder("serving", config)
        return folder if storage.is_remote(folder) else str(Path(folder).absolute())

    def checkpoints(self, config: PipelineConfig) -> str:
        """Checkpoints of interrupted training runs."""
        return self._folder("checkpoints", config)

    @property
    def sample(self) -> Path:
        """The images of the built-in sample: always on this machine, which reads them at once."""
        folder = tempfile.gettempdir() if storage.is_remote(str(self.root)) else self.root
        return Path(folder) / "samples" / "digits"

    def _folder(self, part: str, config: PipelineConfig) -> str:
        return storage.join(storage.join(str(self.root), part), config.push.model_name)


def open_workspace(root: str) -> Workspace:
    """The workspace that all pods share: a mounted volume's absolute path, or `gs://BUCKET/FOLDER`.

    Raises:
        UserError: It is something else; TensorFlow, TFX and Beam cannot write there.
    """
    scheme, separator, rest = root.partition("://")
    if not separator:
        if not Path(root).is_absolute():
            raise UserError(
                f"the root {root!r} is not an absolute path",
                "Write /MOUNTED/FOLDER or gs://BUCKET.",
            )
        return Workspace(Path(root))
    if scheme == "gs":
        if not rest.strip("/") or rest.startswith("/"):
            raise UserError(f"the root {root} names no bucket", "Write gs://BUCKET/FOLDER.")
        return Workspace(root.rstrip("/"))
    raise UserError(
        f"the root {root} cannot be used: TensorFlow has no file system for {scheme}://",
        "Mount the bucket as a volume (with a CSI driver for S3, or a persistent volume claim "
        "that one of them serves), and give the folder that it is mounted at."
        if scheme in ("s3", "s3a", "s3n", "minio")
        else "Write /MOUNTED/FOLDER or gs://BUCKET/FOLDER.",
    )
