"""A configuration for a cluster, or the end of the command."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.errors import config_errors

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig


def load_or_exit(config_path: Path, overrides: Sequence[str]) -> "PipelineConfig":
    """Loads a configuration for a cluster; exits with code 2 and its problems if it has any."""
    from .compile.cluster_checks import load_for_cluster

    with config_errors(config_path):
        return load_for_cluster(config_path, overrides)
