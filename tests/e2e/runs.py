"""Whole runs, as a user starts them: the command, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from tests.repository import REPOSITORY

BEFORE_TRAINER = ("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleCheck", "Transform")

# A short network: most of the time goes into tracing and exporting its layers.
SMALL_CONFIG = """
data:
  path: {images}
transform: {{image_size: 32}}
model: {{backbone: MobileNetV2, alpha: 0.35, weights: bundled, output_layer: block_4_add}}
trainer:
  stages:
    - {{name: head, epochs: 10, optimizer: {{learning_rate: 0.01}}}}
    - name: fine-tune
      freeze: block_4_expand
      epochs: 2
      optimizer: {{learning_rate: 0.0001}}
gate: {{min_accuracy: 0.6}}
serving_check: {{calls: 50}}
push: {{model_name: zeros-and-ones}}
"""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        exit_code: The command's exit code.
        output: What it printed, both streams.
        summary: Its `summary.json`; empty where it wrote none.
    """

    exit_code: int
    output: str
    summary: dict[str, Any]

    @property
    def states(self) -> dict[str, str]:
        """State of each component."""
        return {name: part["state"] for name, part in self.summary["components"].items()}


def command(config: Path, workspace: Path, *options: str) -> list[str]:
    """The command line of a run."""
    run = [sys.executable, "-m", "pipeline", "run", str(config), "--workspace", str(workspace)]
    return [*run, *options]


def last_summary(workspace: Path) -> dict[str, Any]:
    """Summary of the newest run."""
    runs = sorted(workspace.glob("runs/*/summary.json"))
    return json.loads(runs[-1].read_text()) if runs else {}


def set_options(settings: Sequence[str]) -> list[str]:
    """`--set` before each setting."""
    return [word for setting in settings for word in ("--set", setting)]


def run_pipeline(config: Path, workspace: Path, *settings: str) -> Run:
    """Runs the command to its end."""
    before = set(workspace.glob("runs/*"))
    result = subprocess.run(
        command(config, workspace, *set_options(settings)),
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    is_new = set(workspace.glob("runs/*")) - before
    return Run(result.returncode, result.stdout, last_summary(workspace) if is_new else {})


class RunHistory:
    """Runs of one configuration in one workspace, one after the other.

    Attributes:
        runs: Each run, by its name.
        versions: How many versions of the model were in service after each, by its name.
    """

    def __init__(self, config: Path, workspace: Path) -> None:
        self.runs: dict[str, Run] = {}
        self.versions: dict[str, int] = {}
        self._config = config
        self._workspace = workspace

    def add(self, name: str, *settings: str) -> Run:
        """Runs again, with these settings."""
        run = self.runs[name] = run_pipeline(self._config, self._workspace, *settings)
        self.versions[name] = len(list(self._workspace.glob("serving/zeros-and-ones/[0-9]*")))
        return run


def write_small(folder: Path) -> Path:
    """Writes a configuration whose run takes seconds, beside its images.

    Returns:
        The configuration.
    """
    images = write_images(folder / "images")
    config = folder / "small.yaml"
    config.write_text(SMALL_CONFIG.format(images=images))
    return config


def write_images(folder: Path, classes: Sequence[int] = (0, 1), count: int = 60) -> Path:
    """Writes scanned digits as PNG files, a folder per class."""
    digits = load_digits()
    for label in classes:
        (folder / f"digit-{label}").mkdir(parents=True)
        scans = digits.images[digits.target == label][:count]
        for index, scan in enumerate(scans):
            Image.fromarray((scan * 255 / 16).astype(np.uint8)).save(
                folder / f"digit-{label}" / f"{index:03}.png"
            )
    return folder
