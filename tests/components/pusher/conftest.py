"""Files named as those of a SavedModel, and writers that are killed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.processes.killed_writer import KilledWriter


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Files named as those of a SavedModel."""
    return write_model(tmp_path / "model")


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Path]:
    """Creates such files, with contents that depend on the name."""

    def make(name: str, repeat: int = 100) -> Path:
        return write_model(tmp_path / f"model-{name}", name, repeat)

    return make


@pytest.fixture
def killed_writer() -> Iterator[KilledWriter]:
    with KilledWriter() as writer:
        yield writer


def write_model(folder: Path, name: str = "", repeat: int = 100) -> Path:
    for file in ("saved_model.pb", "variables/variables.index", "assets/labels.txt"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"{name}{file}" * repeat)
    return folder
