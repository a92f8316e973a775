"""Where a run keeps its things."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from components.errors import UserError
from components.ingest import storage
from pipeline.config import PipelineConfig


@dataclass(frozen=True)
class Workspace:
    """The folder that everything of a pipeline lives in: on this machine, or in a bucket.

    Attributes:
        root: An absolute path, or a URL (`gs://...`).
    """

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
        """States of trainings that were interrupted."""
        return self._folder("checkpoints", config)

    @property
    def sample(self) -> Path:
        """The pictures of the built-in sample: always on this machine, which reads them at once."""
        here = tempfile.gettempdir() if storage.is_remote(str(self.root)) else self.root
        return Path(here) / "samples" / "digits"

    def _folder(self, part: str, config: PipelineConfig) -> str:
        return storage.join(storage.join(str(self.root), part), config.push.model_name)


def open_workspace(root: str) -> Workspace:
    """The workspace that all pods of a cluster share.

    Args:
        root: Absolute path of a mounted volume, or `gs://BUCKET/FOLDER`.

    Raises:
        UserError: It is something else; TensorFlow, TFX and Beam cannot write there.
    """
    scheme, separator, rest = root.partition("://")
    if not separator:
        if not Path(root).is_absolute():
            raise UserError(
                f"the root {root!r} is no absolute path", "Write /MOUNTED/FOLDER or gs://BUCKET."
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
