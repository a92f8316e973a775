"""Configurations for clusters, and the compile command."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.repository import REPOSITORY

DIGITS = REPOSITORY / "configs" / "digits.yaml"

EVERYTHING = """
data: {path: "/mnt/images/{SPAN}"}
model: {weights: /opt/weights/mobilenet_v2.h5}
trainer: {warm_start: true}
gate: {min_accuracy: 0.9}
serving_check: {infra_validator: {}}
push: {model_name: Every_Thing}
kubeflow:
  image: registry.example/team/image-pipeline:1.2
  image_pull_secrets: [registry]
  root: /mnt/pipeline/pets
  volumes: {image-pipeline: /mnt/pipeline, images: /mnt/images}
  metadata: {url: "postgresql://metadata.db:5432/mlmd", secret: mlmd, user_key: user}
  retries: {count: 3, backoff_seconds: 60, backoff_factor: 3, window_seconds: 7200}
  security_context: {run_as_user: 1000, run_as_group: 2000, run_as_non_root: true}
  env: {KERAS_HOME: /mnt/pipeline/keras}
  secrets: [{name: gcs, files: /var/secrets/gcs}]
  resources:
    default: {cpu: 500m, memory: 2Gi}
    Trainer:
      cpu: 8
      memory: 32Gi
      gpus: 2
      node_selector: {cloud.google.com/gke-accelerator: nvidia-l4}
      tolerations:
        - {key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}
        - {key: spot, value: "yes", effect: NoExecute, seconds: 60}
      shared_memory: 8Gi
      volumes: {scratch: /mnt/scratch}
      env: {NCCL_DEBUG: WARN}
      secrets: [{name: hub, env: {HUB_TOKEN: token}}]
"""


Result = TypeVar("Result")


@dataclass(frozen=True)
class Compilation:
    """A finished `python -m kubeflow compile`.

    Attributes:
        exit_code: Its exit code.
        output: Its stdout and stderr.
        text: The compiled file.
        cpu_seconds: CPU time.
    """

    exit_code: int
    output: str
    text: str
    cpu_seconds: float


def with_short_stack(compile_it: Callable[..., Result], *arguments: object) -> Result:
    """Compiles in a thread of its own, which takes a twentieth of the time.

    For every option of a task, KFP inspects the call stack. Under pytest-xdist, it has frames
    without a file, for which Python searches all modules.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(compile_it, *arguments).result()


def compile_file(config: Path, output: Path, *options: str) -> Compilation:
    """Runs the command, without a network if this machine can isolate it."""
    command = [sys.executable, "-m", "kubeflow", "compile", str(config), "-o", str(output)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [*_without_network(), *command, *options],
        cwd=REPOSITORY,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    text = output.read_text() if output.exists() else ""
    return Compilation(result.returncode, result.stdout + result.stderr, text, seconds)


def _without_network() -> list[str]:
    """The prefix of a command in a network namespace without an interface."""
    for command in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return []
