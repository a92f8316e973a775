"""Which system runs when, and one run from start to its accuracy."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.compare.results import RunResult
from benchmarks.compare.systems import OURS, SCRIPT, STOCK, Task, run_system
from benchmarks.machine import REPOSITORY
from components.errors import UserError

Step = tuple[int, str]
"""A round and a system."""


def plan_rounds(rounds: int, stock_rounds: int) -> list[Step]:
    """Script and pipeline in turns, each the first in every other round; then the stock way.

    In turns, so that what slows the machine for a while slows both.
    """
    steps: list[Step] = []
    for number in range(1, max(rounds, stock_rounds) + 1):
        if number <= rounds:
            turn = (SCRIPT, OURS) if number % 2 else (OURS, SCRIPT)
            steps += [(number, system) for system in turn]
        if number <= stock_rounds:
            steps.append((number, STOCK))
    return steps


def run_step(step: Step, task: Task, work: Path, logs: Path, *, keep: bool) -> RunResult:
    """Runs a system once and measures its models on the test images.

    Args:
        step: Which, and in which round; the round's number is the training's seed.
        task: What to do.
        work: Where the system keeps its files.
        logs: Where its output goes.
        keep: Whether its files stay.

    Raises:
        UserError: It failed, or its model did.
    """
    number, system = step
    name = f"{system.replace(' ', '-')}-{number}"
    finished = run_system(system, task, number, work / name, logs / f"{name}.log")
    right = _predict(task.images / "test", finished.models)
    if not keep:
        shutil.rmtree(work / name)
    measured = finished.measured
    return RunResult(
        system=system,
        round=number,
        seconds=round(measured.seconds, 3),
        cpu_seconds=round(measured.cpu_seconds, 3),
        peak_pss_bytes=measured.peak_pss_bytes,
        largest_process_bytes=measured.largest_process_bytes,
        written_bytes=measured.written_bytes,
        left_bytes=finished.left_bytes,
        components=finished.components,
        right=right,
    )


def _predict(images: Path, models: Mapping[str, Path]) -> dict[str, dict[str, bool]]:
    """Whether each model is right about each image, by its kind and the image's name."""
    command = [sys.executable, "-m", "benchmarks.compare.held_out", str(images)]
    result = subprocess.run(
        [*command, *(word for kind, model in models.items() for word in (kind, str(model)))],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise UserError(f"{', '.join(models)} could not be run:\n{result.stderr[-2000:]}")
    right: dict[str, dict[str, bool]] = json.loads(result.stdout)
    return right
