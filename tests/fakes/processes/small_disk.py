"""A disk of a few hundred kilobytes, for real: a file system in memory, in a mount of its own."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
_MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def run_on_small_disk(
    folder: Path, size: str, command: Sequence[object]
) -> "subprocess.CompletedProcess[str]":
    """Runs a command with a small disk mounted at `folder`, for that command only.

    Args:
        folder: The mount point; created if missing.
        size: As mount takes it, such as `300k`.
        command: Program and arguments.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare, of util-linux")
    trial = _run(folder, size, ["true"])
    if trial.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {trial.stderr.strip()}")
    return _run(folder, size, command)


def _run(folder: Path, size: str, command: Sequence[object]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", _MOUNT, "sh", size, folder, *map(str, command)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
