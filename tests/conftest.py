"""What the tests share: the data that lie beside the project."""

import gc
import os
from pathlib import Path

import hypothesis
import pytest

from components.tensorflow_environment import prepare_tensorflow

prepare_tensorflow(os.environ)

# The same examples at every run, however busy the machine is.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same")

# Collecting imports everything that is tested: as in components/quick_imports.py.
gc.disable()


def pytest_collection_finish() -> None:
    """Looks for garbage from here on."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Starts with the files marked `long`, by rank; the tests of a file stay in their order."""

    def rank(item: pytest.Item) -> float:
        mark = item.get_closest_marker("long")
        return mark.args[0] if mark else float("inf")

    items.sort(key=rank)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of test data and weights; where it is absent, the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("SHARED_DIR", beside))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the test data of {folder} (or where SHARED_DIR points)")
    return folder
