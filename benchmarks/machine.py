"""What was measured on: figures mean little without it."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from components.parallel import count_cores

PACKAGES = ("tensorflow", "keras", "tfx", "apache-beam", "numpy")
REPOSITORY = Path(__file__).resolve().parents[1]


def describe_machine() -> dict[str, object]:
    """The machine, the versions and the commit, for `results.json`."""
    return {
        "processor": _processor(),
        "cores": count_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _git("rev-parse", "HEAD"),
        "has_uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        # Others at work make every figure here a lie.
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _git(*words: str) -> str:
    try:
        result = subprocess.run(
            ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip()
