"""Every shell block of the documents runs, in order, in a copy of this repository.

An HTML comment on the line before a block, `<!-- not run: REASON -->`, leaves it out. The test is a
slow one: it makes the sample's whole run.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import check_config
from tests.docs.documents import DOCUMENTS, find_blocks, read, shell_blocks
from tests.repository import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.long(10)]

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", "*.egg-info", "workspace", "build", "results"
)
MINIMAL: dict[str, dict[str, Any]] = {
    "data": {"path": "images"},
    "gate": {"min_accuracy": 0.9},
    "push": {"model_name": "pets"},
}


def copy_repository(folder: Path) -> Path:
    """A clone as after `make set-up`, with the `mine.yaml` that README has the reader write."""
    clone = folder / "clone"
    shutil.copytree(REPOSITORY, clone, ignore=LEFT_OUT, symlinks=True)
    (clone / ".venv").symlink_to(sys.prefix)
    # The environment is complete, and belongs to another folder: set-up would make a new one.
    (clone / ".ci" / "set-up").write_text("#!/bin/sh\n")
    (clone / "images").mkdir()
    for block in find_blocks("README.md", read("README.md")):
        if block.language == "yaml":
            (clone / "mine.yaml").write_text(block.text)
    return clone


def run_script(script: str, clone: Path, place: str) -> None:
    """Runs commands as a person types them; the first one that fails fails the test."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
    }
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env={**environment, "PYTHONPATH": str(clone)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{place}:\n{script}\n{result.stdout[-4000:]}"


@pytest.mark.slow
def test_all_blocks_run_in_order(tmp_path: Path) -> None:
    clone = copy_repository(tmp_path)
    for block in (one for name in DOCUMENTS for one in shell_blocks(name) if one.is_run):
        run_script(block.script, clone, block.place)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_annotations_are_known_and_reasons_are_given(document: str) -> None:
    for block in shell_blocks(document):
        known = not block.annotation or block.annotation.startswith("not run: ")
        assert known and block.annotation != "not run: ", block.place


@pytest.mark.parametrize("document", DOCUMENTS)
def test_configurations_are_valid(document: str) -> None:
    for block in find_blocks(document, read(document)):
        if block.language == "yaml":
            part = yaml.safe_load(block.text)
            both = {name: {**MINIMAL.get(name, {}), **(part.get(name) or {})} for name in part}
            check_config({**MINIMAL, **both}, (), check_paths=False)
