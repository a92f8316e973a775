"""A pipeline that runs in seconds."""

from pathlib import Path

import pytest

from tests.e2e.runs import write_small


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A configuration whose run takes seconds, beside its images."""
    return write_small(tmp_path)
