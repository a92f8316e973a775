"""`make image`: the command line of the container engine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

ENGINE = '#!/bin/sh\nfor word in "$@"; do echo "argument: $word"; done\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clean clone with the files that a build reads."""
    root = tmp_path / "clone"
    (root / "kubeflow/image").mkdir(parents=True)
    shutil.copy(REPOSITORY / "kubeflow/image/build", root / "kubeflow/image")
    shutil.copy(REPOSITORY / "setup.py", root)
    for command in ("init --quiet", "add .", "commit --quiet --message=all"):
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *identity, *command.split()], cwd=root, check=True)
    return root


def build(
    clone: Path, *options: str, engine: str | None = "docker"
) -> subprocess.CompletedProcess[str]:
    tools = clone.parent / "tools"
    tools.mkdir(exist_ok=True)
    for tool in ("sh", "git", "sed", "dirname"):
        path = shutil.which(tool)
        assert path
        if not (tools / tool).exists():
            (tools / tool).symlink_to(path)
    if engine:
        (tools / engine).write_text(ENGINE)
        (tools / engine).chmod(0o755)
    environment = {**os.environ, "PATH": str(tools), "ENGINE": ""}
    return subprocess.run(
        [clone / "kubeflow/image/build", *options], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def arguments(result: subprocess.CompletedProcess[str]) -> list[str]:
    lines = result.stdout.splitlines()
    return [line.removeprefix("argument: ") for line in lines if line.startswith("argument: ")]


def head(clone: Path) -> str:
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.check_output(command, cwd=clone, text=True).strip()


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_builds_the_target_with_version_and_commit(clone: Path, engine: str) -> None:
    result = build(clone, engine=engine)
    words = arguments(result)
    assert result.returncode == 0
    tag = f"image-pipeline:0.1.0-{head(clone)}"
    assert words[:2] == ["build", "--file"] and words[-1] == "."
    assert words[words.index("--tag") + 1] == tag
    assert words[words.index("--target") + 1] == "cpu"
    assert {"VERSION=0.1.0", f"COMMIT={head(clone)}"} <= set(words)
    assert f"Built {tag}" in result.stdout


def test_options(clone: Path) -> None:
    options = ["--target", "gpu", "--name", "registry.example/vision/pets"]
    words = arguments(
        build(clone, *options, "--weights-for", "configs/a.yaml configs/b.yaml", "--push")
    )
    assert f"registry.example/vision/pets:0.1.0-{head(clone)}-gpu" in words
    assert {"--push", "WEIGHTS_FOR=configs/a.yaml configs/b.yaml"} <= set(words)


def test_uncommitted_changes_have_another_tag(clone: Path) -> None:
    (clone / "setup.py").write_text((clone / "setup.py").read_text() + "\n")
    assert f"COMMIT={head(clone)}-dirty" in arguments(build(clone))


def test_errors(clone: Path) -> None:
    result = build(clone, engine=None)
    assert (result.returncode, "needs Docker or Podman" in result.stdout) == (1, True)
    result = build(clone, "--target", "tpu")
    assert (result.returncode, "choose cpu, gpu or beam" in result.stdout) == (2, True)


def test_a_build_that_fails(clone: Path) -> None:
    build(clone)
    (clone.parent / "tools/docker").unlink()
    (clone.parent / "tools/podman").write_text("#!/bin/sh\nexit 17\n")
    (clone.parent / "tools/podman").chmod(0o755)
    result = build(clone, engine=None)
    assert result.returncode == 17 and "Built" not in result.stdout
