"""A configuration for a cluster, from its file."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.errors import ConfigError
from pipeline.config.load import load_config
from pipeline.config.schema import PipelineConfig

from .cluster_checks import cluster_problems


def load_for_cluster(path: Path, overrides: Sequence[str] = ()) -> PipelineConfig:
    """Reads a configuration and checks it for a cluster; its paths need not exist here.

    Args:
        path: YAML file.
        overrides: `--set` options.

    Returns:
        The configuration; it has a `kubeflow` section.

    Raises:
        ConfigError: With every problem found.
    """
    config = load_config(path, overrides, check_paths=False)
    problems = cluster_problems(config)
    if problems:
        raise ConfigError(problems)
    return config
