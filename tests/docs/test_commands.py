"""Every shell block of the documents runs, in order, in a copy of this repository.

An HTML comment on the line before a block says what is different: `<!-- slow -->` runs it with the
slow tests, `<!-- not run: REASON -->` does not run it. The fast tests use a short run of the sample
in place of the slow blocks; the slow test runs all of them, and so makes the sample's whole run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import check_config
from tests.docs.documents import DOCUMENTS, Block, find_blocks, read, shell_blocks
from tests.repository import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800), pytest.mark.long(10)]

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", "*.egg-info", "workspace", "build", "results"
)
SHORT_RUN = """
.venv/bin/python -m pipeline run configs/digits.yaml --set gate.min_accuracy=0.1 \\
    --set trainer.stages[0].epochs=1 --set trainer.stages[1].epochs=1 \\
    --set trainer.stages[1].optimizer.warmup_epochs=0
"""
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


def run_blocks(blocks: Iterable[Block], clone: Path) -> None:
    for block in blocks:
        run_script(block.script, clone, block.place)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a workspace in which the sample was run."""
    folder = copy_repository(tmp_path_factory.mktemp("docs"))
    run_script(SHORT_RUN, folder, "the short run")
    return folder


@pytest.mark.parametrize("document", DOCUMENTS)
def test_blocks_run(document: str, clone: Path) -> None:
    blocks = [one for one in shell_blocks(document) if one.is_run and not one.is_slow]
    run_blocks(blocks, clone)


@pytest.mark.slow
def test_all_blocks_run_in_order(tmp_path: Path) -> None:
    clone = copy_repository(tmp_path)
    run_blocks((one for name in DOCUMENTS for one in shell_blocks(name) if one.is_run), clone)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_annotations_are_known_and_reasons_are_given(document: str) -> None:
    for block in shell_blocks(document):
        known = block.annotation in ("", "slow") or block.annotation.startswith("not run: ")
        assert known and block.annotation != "not run: ", block.place


@pytest.mark.parametrize("document", DOCUMENTS)
def test_configurations_are_valid(document: str) -> None:
    for block in find_blocks(document, read(document)):
        if block.language == "yaml":
            part = yaml.safe_load(block.text)
            both = {name: {**MINIMAL.get(name, {}), **(part.get(name) or {})} for name in part}
            check_config({**MINIMAL, **both}, (), check_paths=False)
