"""A configuration for a cluster, or the end of the command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.main import WRONG_USAGE

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig


def load_or_exit(config_path: Path, overrides: Sequence[str]) -> "PipelineConfig":
    """Loads a configuration file; prints its mistakes and exits where it has any."""
    from pipeline.config.errors import ConfigError, report_lines

    from .compile.load import load_for_cluster

    try:
        return load_for_cluster(config_path, overrides)
    except ConfigError as error:
        for line in report_lines(str(config_path), error.problems):
            click.echo(line, err=True)
        sys.exit(WRONG_USAGE)
