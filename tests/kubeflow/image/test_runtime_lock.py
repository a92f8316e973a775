"""The lock of the image is complete, and has no development tools."""

import importlib.metadata
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository import REPOSITORY

LOCK = REPOSITORY / "requirements.lock"
GPU_LOCK = REPOSITORY / "kubeflow/requirements-gpu.lock"


def versions(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.M))


@pytest.fixture(scope="module")
def runtime() -> str:
    """The lock of the image."""
    script = REPOSITORY / "kubeflow/image/runtime_lock.py"
    return subprocess.check_output(
        [sys.executable, script, LOCK, REPOSITORY / "setup.py"], text=True
    )


def test_every_requirement_is_locked(runtime: str) -> None:
    locked = versions(runtime)
    checked = 0
    for name in locked:
        for text in importlib.metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            needed = canonicalize_name(requirement.name)
            assert needed in locked, f"{name} needs {needed}"
            checked += 1
    assert checked > 500


def test_versions_and_hashes_are_kept(runtime: str) -> None:
    whole = LOCK.read_text()
    assert versions(runtime).items() < versions(whole).items()
    hashes = re.compile(r"--hash=sha256:[0-9a-f]{64}")
    for name, version in versions(runtime).items():
        entry = f"\n{name}=={version} "
        assert hashes.findall(_entry(runtime, entry)) == hashes.findall(_entry(whole, entry))


@pytest.mark.parametrize("package", ["pytest", "ruff", "mypy", "playwright", "types-pyyaml"])
def test_development_tools_are_left_out(runtime: str, package: str) -> None:
    assert package in versions(LOCK.read_text())
    assert package not in versions(runtime)


def test_an_outdated_lock() -> None:
    from kubeflow.image.runtime_lock import runtime_lock

    with pytest.raises(ValueError, match="lacks tfx; run 'make lock'"):
        runtime_lock("absl-py==1.4.0\n", 'INSTALL_REQUIRES = ["tfx==1.16.0", "absl_py"]')


def test_cuda_libraries_match_the_locked_tensorflow() -> None:
    """In the exact versions that it was built with, each with its hashes."""
    wanted: dict[str, str] = {}
    for text in importlib.metadata.requires("tensorflow") or []:
        requirement = Requirement(text)
        if requirement.marker and "and-cuda" in str(requirement.marker):
            wanted[canonicalize_name(requirement.name)] = str(requirement.specifier)[2:]
    text = GPU_LOCK.read_text()
    assert versions(text) == wanted
    assert wanted["nvidia-cudnn-cu12"].startswith("8.9.")
    for name, version in wanted.items():
        assert "--hash=sha256:" in _entry(text, f"\n{name}=={version} ")


def _entry(lock: str, start: str) -> str:
    """From the line of a package to the next one's."""
    return re.split(r"\n(?=[a-z0-9])", f"\n{lock}"[f"\n{lock}".index(start) + 1 :])[0]
