"""A measurement in a process that has done nothing else."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject


def in_fresh_process(
    measure: Callable[[Subject], list[Row]], subject: Subject, log: Path
) -> list[Row]:
    """Runs a measurement; what it prints goes to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=_log_to, initargs=(log,)) as pool:
        return pool.submit(measure, subject).result()


def _log_to(log: Path) -> None:
    """Sends what TensorFlow, Beam and TFX have to say to a file."""
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
