"""The Dockerfile, as far as it can be checked without a container engine."""

import importlib.metadata
import shutil
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths  # type: ignore[import-untyped]

from tests.fakes.image.dockerfile import read_stages
from tests.repository import REPOSITORY

STRAY = (
    ".env",
    ".git/config",
    ".venv/bin/python",
    "pipeline/__pycache__/cli.cpython.pyc",
    "secret.json",
    "tests/test_all.py",
    "workspace/serving/1/saved_model.pb",
)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files of a working copy that .dockerignore leaves in the build context."""
    clone = tmp_path_factory.mktemp("clone")
    for name in ("components", "pipeline", "trainer", "configs", "kubeflow", ".ci"):
        shutil.copytree(REPOSITORY / name, clone / name)
    for name in ("requirements.lock", "setup.py", "pyproject.toml", ".dockerignore"):
        shutil.copy(REPOSITORY / name, clone)
    for name in STRAY:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("not for an image")
    lines = (clone / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    paths = exclude_paths(str(clone), patterns, dockerfile="kubeflow/Dockerfile")
    return {path for path in paths if (clone / path).is_file()}


def test_the_context_is_only_the_project(context: set[str]) -> None:
    allowed = ("components/", "pipeline/", "trainer/", "configs/", "kubeflow/")
    others = {path for path in context if not path.startswith(allowed)}
    assert others <= {"requirements.lock", "setup.py", "pyproject.toml", ".dockerignore"}
    assert not [path for path in context if "__pycache__" in path]
    for package in ("components", "pipeline", "trainer"):
        files = {str(file.relative_to(REPOSITORY)) for file in (REPOSITORY / package).rglob("*.py")}
        assert files <= context


def test_copied_files_exist(context: set[str]) -> None:
    stages = read_stages()
    for name, stage in stages.items():
        for *sources, _ in stage.all("COPY"):
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in stages, name
                continue
            for source in sources:
                assert [p for p in context if p == source or p.startswith(f"{source}/")], source


def test_scripts_are_copied_into_the_stage_that_runs_them() -> None:
    stages = read_stages()
    for name, stage in stages.items():
        for words in stage.all("RUN"):
            for script in (word for word in words if word.startswith("kubeflow/")):
                copied = [source for *sources, _ in stage.all("COPY") for source in sources]
                assert script in copied, f"stage {name} runs {script}"


def test_final_stages_run_no_commands_and_are_not_root() -> None:
    stages = read_stages()
    for target in ("cpu", "gpu", "beam"):
        chain = [stages[target]]
        while chain[-1].base in stages:
            chain.append(stages[chain[-1].base])
        assert not [words for stage in chain for words in stage.all("RUN")]
        # The compiler is in a stage that the final ones only copy from.
        assert stages["packages"] not in chain
        [user] = [words for stage in chain for words in stage.all("USER")]
        assert int(user[0].split(":")[0]) > 0


def test_labels_have_version_and_commit() -> None:
    cpu = read_stages()["cpu"]
    labels = dict(word.split("=", 1) for words in cpu.all("LABEL") for word in words)
    assert labels["org.opencontainers.image.version"] == "${VERSION}"
    assert labels["org.opencontainers.image.revision"] == "${COMMIT}"
    assert {"VERSION", "COMMIT"} <= {words[0].split("=")[0] for words in cpu.all("ARG")}


def test_the_beam_version_is_the_locked_one() -> None:
    text = (REPOSITORY / "kubeflow/Dockerfile").read_text()
    version = importlib.metadata.version("apache-beam")
    assert f"ARG BEAM_SDK=apache/beam_python3.10_sdk:{version}\n" in text


def test_steps_are_executable() -> None:
    for name in ("build", "install-packages", "install-project", "install-cuda"):
        assert Path(REPOSITORY / "kubeflow/image" / name).stat().st_mode & 0o111
