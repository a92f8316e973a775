"""Benchmarks on a few images, as a user starts them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.repository import REPOSITORY

# An epoch on noise at 32 pixels, with random weights: seconds.
TINY_TRAINING = (
    "trainer.stages[0].epochs=1",
    "trainer.stages[1].epochs=1",
    "serving_check.calls=20",
    "gate.min_accuracy=0.01",
)


def write_images(folder: Path, count: int) -> Path:
    """Writes `train` and `validation`, each with `count` images of two classes."""
    random = np.random.default_rng(1)
    for split in ("train", "validation"):
        for channel, label in ((2, "blue"), (0, "red")):
            (folder / split / label).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 120, (40, 40, 3))
                pixels[..., channel] += 120
                Image.fromarray(pixels.astype(np.uint8)).save(
                    folder / split / label / f"{index}.jpg"
                )
    return folder


def run_benchmark(
    name: str, *options: str, settings: Sequence[str] = TINY_TRAINING
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m benchmarks.NAME` until it ends."""
    words = [word for setting in settings for word in ("--set", setting)]
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options, *words],
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
