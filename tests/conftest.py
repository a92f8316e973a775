"""What the tests share: the data that lie beside the project."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of test data and weights; where it is absent, the test is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("SHARED_DIR", beside))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the test data of {folder} (or where SHARED_DIR points)")
    return folder
