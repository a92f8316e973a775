"""The three that are compared: how each is started, and what it leaves."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import REPOSITORY
from benchmarks.measured_process import Measured, folder_bytes, run_measured
from benchmarks.pipeline_run import component_seconds, run_command

SCRIPT, OURS, STOCK = "plain script", "this pipeline", "stock TFX"
SYSTEMS = (SCRIPT, OURS, STOCK)

_MODULES = {SCRIPT: "benchmarks.plain_script", STOCK: "benchmarks.stock_tfx"}


@dataclass(frozen=True)
class Task:
    """What all systems do.

    Attributes:
        images: `train/`, `validation/` and `test/`.
        weights: Of the backbone: a file, `imagenet` or `none`.
        config: Our pipeline's configuration.
        overrides: Further settings of this project.
        image_size: Height and width of the model's input in pixels.
        head_epochs: Epochs of the script's and the stock way's first stage.
        fine_tune_epochs: Of their second one.
    """

    images: Path
    weights: str
    config: Path
    overrides: tuple[str, ...]
    image_size: int
    head_epochs: int
    fine_tune_epochs: int


@dataclass(frozen=True)
class Finished:
    """A run of a system.

    Attributes:
        measured: What it took.
        components: Seconds of each of its parts.
        left_bytes: Size of what it left on disk.
        models: The models it made, each a kind of `held_out.MODELS` and a path.
    """

    measured: Measured
    components: dict[str, float]
    left_bytes: int
    models: Mapping[str, Path]


def run_system(system: str, task: Task, seed: int, folder: Path, log: Path) -> Finished:
    """Runs one system in a fresh process and an empty folder.

    Args:
        system: One of `SYSTEMS`.
        task: What to do.
        seed: Of everything random in its training.
        folder: Where it keeps its files; emptied first.
        log: File that takes what it prints.

    Raises:
        UserError: It failed.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    measured = run_measured(
        _command(system, task, seed, folder), log, environment=environment, folder=REPOSITORY
    )
    if system == OURS:
        return _ours(folder, measured)
    components = json.loads((folder / "times.json").read_text())
    if system == SCRIPT:
        models = {"keras": folder / "model.keras", "keras_exported": folder / "exported"}
    else:
        models = {"stock_tfx": _newest_version(folder / "serving")}
    return Finished(measured, components, folder_bytes(folder), models)


def _command(system: str, task: Task, seed: int, folder: Path) -> list[str]:
    if system == OURS:
        settings = [
            f"data.path={task.images}",
            # The same test images as the others'.
            "data.splits.test=test",
            f"model.weights={task.weights}",
            f"transform.image_size={task.image_size}",
            f"trainer.seed={seed}",
            # A model that the gate refuses could not be compared; accuracy is counted later.
            "gate.min_accuracy=0.01",
            *task.overrides,
        ]
        return run_command(task.config, folder, settings)
    return [
        *(sys.executable, "-m", _MODULES[system], str(task.images), str(folder)),
        *("--weights", task.weights),
        *("--image-size", str(task.image_size)),
        *("--head-epochs", str(task.head_epochs)),
        *("--fine-tune-epochs", str(task.fine_tune_epochs)),
        *("--seed", str(seed)),
    ]


def _ours(workspace: Path, measured: Measured) -> Finished:
    [path] = workspace.glob("runs/*/summary.json")
    summary = json.loads(path.read_text())
    components = component_seconds(summary, measured.seconds)
    models = {"pipeline": Path(summary["pushed"]["path"])}
    return Finished(measured, components, folder_bytes(workspace), models)


def _newest_version(serving: Path) -> Path:
    versions = sorted(serving.iterdir(), key=lambda path: int(path.name))
    return versions[-1]
