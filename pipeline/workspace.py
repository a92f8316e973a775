"""Where a run keeps its things."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.config import PipelineConfig


@dataclass(frozen=True)
class Workspace:
    """The folder that everything of a pipeline lives in.

    Attributes:
        root: An absolute path.
    """

    root: Path

    def artifacts(self, config: PipelineConfig) -> Path:
        """TFX's pipeline root: the outputs of every component of every run."""
        return self.root / "artifacts" / config.push.model_name

    def metadata(self, config: PipelineConfig) -> Path:
        """TFX's metadata, a SQLite file."""
        return Path(config.metadata.path or self.root / "metadata.sqlite").absolute()

    def serving(self, config: PipelineConfig) -> str:
        """The versions of the model in service: a path, or a URL."""
        if config.push.folder and "://" in config.push.folder:
            return config.push.folder
        folder = config.push.folder or self.root / "serving" / config.push.model_name
        return str(Path(folder).absolute())

    def checkpoints(self, config: PipelineConfig) -> Path:
        """States of trainings that were interrupted."""
        return self.root / "checkpoints" / config.push.model_name

    @property
    def sample(self) -> Path:
        """The pictures of the built-in sample."""
        return self.root / "samples" / "digits"
