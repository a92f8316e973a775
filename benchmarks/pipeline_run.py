"""A run of our pipeline: its command line, and where its time went."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

START_UP = "start-up and end"
"""What takes time while no component runs."""


def run_command(config: Path, workspace: Path, settings: Sequence[str]) -> list[str]:
    """`pipeline run` with settings, `PATH=VALUE`; of two of one path the later one counts."""
    overrides = [word for setting in settings for word in ("--set", setting)]
    return [
        *(sys.executable, "-m", "pipeline", "run", str(config)),
        *("--workspace", str(workspace), *overrides),
    ]


def component_seconds(summary: Mapping[str, Any], whole_seconds: float) -> dict[str, float]:
    """Seconds of each component; what is left of the whole run is `START_UP`.

    Args:
        summary: The run's `summary.json`.
        whole_seconds: Wall time of its process.
    """
    seconds = {name: part["seconds"] or 0.0 for name, part in summary["components"].items()}
    return {START_UP: round(whole_seconds - sum(seconds.values()), 3), **seconds}
