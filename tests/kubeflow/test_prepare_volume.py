"""The Job that gives a new volume to the pipeline's user."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kubeflow.cli import cli
from tests.fakes.kubernetes.kubernetes_models import check_model

CONFIG = """
data: {source: digits}
gate: {min_accuracy: 0.9}
push: {model_name: digits}
kubeflow:
  image: registry.example/image-pipeline:1
  root: ROOT/pets
  volumes: {image-pipeline: ROOT}
  image_pull_secrets: [registry]
  metadata: {url: "postgresql://db/pipeline", secret: metadata}
"""


def job(folder: Path, root: str = "/mnt/pipeline", *overrides: str) -> dict[str, Any]:
    config, output = folder / "config.yaml", folder / "job.yaml"
    config.write_text(CONFIG.replace("ROOT", root))
    settings = [part for each in overrides for part in ("--set", each)]
    arguments = ["prepare-volume", str(config), "-o", str(output), *settings]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert f"kubectl apply -n NAMESPACE -f {output}" in result.output
    return yaml.safe_load(output.read_text())


def test_the_job_fits_the_kubernetes_api(tmp_path: Path) -> None:
    written = job(tmp_path)
    check_model(written, "V1Job", "job")
    [container] = written["spec"]["template"]["spec"]["containers"]
    assert container["command"] == [
        "install", "-d", "-o", "1000", "-g", "1000", "/mnt/pipeline/pets",
    ]  # fmt: skip
    assert container["volumeMounts"] == [{"name": "volume-0", "mountPath": "/mnt/pipeline"}]


def test_the_user_is_the_one_of_the_tasks(tmp_path: Path) -> None:
    security = (
        "kubeflow.security_context.run_as_user=7",
        "kubeflow.security_context.run_as_group=8",
    )
    written = job(tmp_path, "/mnt/pipeline", *security)
    command = written["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[3:6] == ["7", "-g", "8"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to make a folder of another user")
def test_the_command_makes_a_root_that_the_user_can_write(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    command = job(tmp_path, str(volume))["spec"]["template"]["spec"]["containers"][0]["command"]
    subprocess.run(command, check=True)
    status = (volume / "pets").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1000, 1000, 0o755)
