"""What the tests share: the data that lie beside the project."""

import gc
import os
from pathlib import Path

import pytest

from components.tensorflow_environment import prepare_tensorflow

prepare_tensorflow(os.environ)

# What takes minutes, longest first, and is begun with: two processors are to end at about the same
# time. Files of one or two tests stand last, since pytest-xdist hands out another one with them.
LONG = (
    "e2e/test_conformance.py",
    "trainer/network/test_backbones_families.py",
    "e2e/test_small_runs.py",
    "e2e/test_changes.py",
    "e2e/test_interrupted.py",
    "e2e/test_training.py",
    "e2e/test_digits.py",
    "e2e/test_recipes.py",
    "e2e/test_photos.py",
    "e2e/test_rollback.py",
    "pipeline/cli/test_node.py",
    "kubeflow/image/test_install_project.py",
    "pipeline/cluster/training_job/test_executor.py",
    "benchmarks/compare/test_compare.py",
    "benchmarks/parts/test_parts.py",
    "benchmarks/scale/test_scale.py",
    "pipeline/execution/test_beam_args_runners.py",
    "trainer/stages/test_distribution_training.py",
    "e2e/test_refused_night.py",
    "kubeflow/compile/test_compile.py",
)


# Collecting imports everything that is tested: as in components/quick_imports.py.
gc.disable()


def pytest_collection_finish() -> None:
    """Looks for garbage from here on."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts the files as `LONG` says; the tests of a file stay in their order."""
    here = Path(__file__).parent
    places = {here / file: place for place, file in enumerate(LONG)}
    assert all(file.is_file() for file in places), "LONG names a file that is not there"
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of test data and weights; where it is absent, the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("SHARED_DIR", beside))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the test data of {folder} (or where SHARED_DIR points)")
    return folder
