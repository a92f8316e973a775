"""Nightly runs on a fake cluster."""

import subprocess
import sys
from pathlib import Path

from pipeline.run.events import Finished, parse_event
from tests.fakes.kubeflow.kfp_player import Cluster, PlayedRun
from tests.fakes.servers.postgresql import PostgreSQL
from tests.repository import REPOSITORY

CONFIG = """
data: {{path: "{folder}/images/span-{{SPAN}}"}}
transform: {{image_size: 32}}
model: {{backbone: MobileNetV2, alpha: 0.35, weights: bundled, output_layer: block_4_add}}
trainer:
  stages:
    - {{name: head, epochs: 12, optimizer: {{learning_rate: 0.01}}}}
    - {{name: fine-tune, freeze: block_4_expand, epochs: 1, optimizer: {{learning_rate: 0.0001}}}}
gate: {{min_accuracy: 0.6}}
serving_check: {{calls: 20}}
push: {{model_name: zeros-and-ones}}
kubeflow:
  image: image-pipeline:of-this-test
  root: {folder}/root
  volumes: {{shared: {folder}}}
  metadata: {{url: "{metadata}", secret: mlmd, secret_as: files}}
  retries: {{count: 1, backoff_seconds: 0}}
  secrets: [{{name: cuda, env: {{CUDA_VISIBLE_DEVICES: devices}}}}]
  env: {{TF_CPP_MIN_LOG_LEVEL: "2"}}
"""


def compile_config(config: Path) -> str:
    """The compiled file of a configuration."""
    compiled = config.with_name("pipeline.yaml")
    command = [sys.executable, "-m", "kubeflow", "compile", str(config), "-o", str(compiled)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return compiled.read_text()


def open_cluster(folder: Path, server: PostgreSQL) -> Cluster:
    """A cluster whose image has this project, and whose secrets are those of `CONFIG`."""
    python = Path(sys.executable).parent
    return Cluster(
        folder=folder / "cluster",
        # As in the image: a PATH with its Python, and the installed project.
        image_env={"PATH": f"{python}:/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)},
        secrets={
            "mlmd": {"username": server.user, "password": server.password},
            "cuda": {"devices": "-1"},
        },
        claims={"shared": str(folder)},
    )


def last_lines(run: PlayedRun) -> dict[str, str]:
    """The result of each task as its log shows it to people, above its last event as JSON."""
    return {name: _result(task.log.strip().splitlines()) for name, task in run.tasks.items()}


def _result(log: list[str]) -> str:
    [event] = [parse_event(line) for line in log if line.startswith('{"kind":"finished"')]
    assert isinstance(event, Finished)
    return [line for line in log if line.startswith(f"{event.component}  ")][-1]


def swap_labels(images: Path, count: int) -> None:
    """Swaps images of zeros and ones, so that no model is right on all of them."""
    for index in range(count):
        zero, one = (images / f"digit-{label}" / f"{index:03}.png" for label in (0, 1))
        contents = zero.read_bytes()
        zero.write_bytes(one.read_bytes())
        one.write_bytes(contents)
