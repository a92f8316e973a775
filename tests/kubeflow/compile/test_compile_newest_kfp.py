"""The newest KFP reads every field of what kfp 2.5 compiles."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import check_config
from tests.fakes.kubeflow.clusters import EVERYTHING, with_short_stack
from tests.kubeflow.compile.renew_golden import GOLDEN
from tests.repository import REPOSITORY

HERE = REPOSITORY / "tests/fakes/kubeflow/newest_kfp"
REQUIREMENTS = HERE / "requirements.txt"

# Installing its environment takes a minute, once.
pytestmark = pytest.mark.timeout(900)


def _python_3_12() -> str:
    """A Python 3.12 that starts: on the PATH, or of pyenv, whose shim on the PATH may not start."""
    candidates: Iterator[Path | str] = iter(
        [
            *filter(None, [shutil.which("python3.12")]),
            *sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python3.12"), reverse=True),
        ]
    )
    for candidate in candidates:
        if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(candidate)
    pytest.skip("needs a Python 3.12 for the newest kfp")


@pytest.fixture(scope="module")
def newest_python() -> Path:
    """The Python of an environment with the newest kfp, kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache / "image-pipeline" / f"newest-kfp-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([_python_3_12(), "-m", "venv", folder], check=True)
            install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet"]
            install += ["--disable-pip-version-check", "--require-hashes", "-r", str(REQUIREMENTS)]
            result = subprocess.run(install, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                pytest.skip(f"needs a package registry for the newest kfp: {result.stderr[-500:]}")
            (folder / "done").touch()
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def parsed(newest_python: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The sample, and a configuration with every setting, parsed with the newest protos."""
    from kubeflow.compile.pipeline import compile_pipeline

    everything = tmp_path_factory.mktemp("compiled") / "everything.yaml"
    config = check_config(yaml.safe_load(EVERYTHING), check_paths=False)
    everything.write_text(with_short_stack(compile_pipeline, config))
    result = subprocess.run(
        [newest_python, "-I", HERE / "read_compiled.py", GOLDEN, everything],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_newest_sdk_loads_it(parsed: list[dict[str, Any]]) -> None:
    assert [one["sdk"] for one in parsed] == ["digits", "every-thing"]


def test_the_newest_protos_know_every_field(parsed: list[dict[str, Any]]) -> None:
    sample, everything = parsed
    assert len(sample["containers"]) == len(sample["kubernetes"]) == 11
    resources = everything["containers"]["exec-trainer"]["resources"]
    assert resources["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert resources["accelerator"]["resourceCount"] == "2"
    assert resources["resourceMemoryLimit"] == "32Gi"
    kubernetes = everything["kubernetes"]["exec-trainer"]
    assert kubernetes["securityContext"] == {
        "runAsUser": "1000",
        "runAsGroup": "2000",
        "runAsNonRoot": True,
    }
    assert kubernetes["tolerations"][1]["tolerationSeconds"] == "60"
    assert kubernetes["emptyDirMounts"][0]["medium"] == "Memory"
    assert [mount["mountPath"] for mount in kubernetes["pvcMount"]] == [
        "/mnt/pipeline",
        "/mnt/images",
        "/mnt/scratch",
    ]
