"""What the parts are measured on: a finished run of the pipeline."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import UserError
from pipeline.config.schema import PipelineConfig
from pipeline.run.paths import Workspace


@dataclass(frozen=True)
class Subject:
    """A run and what it left.

    Attributes:
        workspace: Its workspace.
        summary: Its `summary.json`.
        config_json: Its configuration.
    """

    workspace: Path
    summary: dict[str, Any]
    config_json: str

    @property
    def config(self) -> PipelineConfig:
        """The configuration."""
        return PipelineConfig.model_validate_json(self.config_json, context={"check_paths": False})

    @property
    def images(self) -> list[Path]:
        """Every image file."""
        return sorted(Path(self.config.data.path or "").glob("*/*/*"))

    @property
    def accepted(self) -> int:
        """Images that ingest accepted."""
        return int(self.summary["images"]["accepted"])

    @property
    def served_model(self) -> Path:
        """The SavedModel that was pushed."""
        return Path(self.summary["pushed"]["path"])

    def seconds(self, component: str) -> float:
        """What a component took."""
        return float(self.summary["components"][component]["seconds"])

    def artifact(self, component: str, output: str) -> Path:
        """The newest output of a component."""
        artifacts = Path(Workspace(self.workspace).artifacts(self.config))
        return max((artifacts / component / output).iterdir(), key=lambda path: int(path.name))


def open_subject(workspace: Path) -> Subject:
    """The newest run of a workspace.

    Raises:
        UserError: It has none that pushed a model.
    """
    for path in sorted(workspace.glob("runs/*/summary.json"), reverse=True):
        summary = json.loads(path.read_text())
        if summary["outcome"] == "pushed":
            return Subject(workspace, summary, (path.parent / "config.json").read_text())
    raise UserError(f"{workspace} has no run that pushed a model")
