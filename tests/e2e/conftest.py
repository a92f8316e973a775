"""A pipeline that runs in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.runs import SMALL_CONFIG, write_pictures


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Makes a configuration whose run takes seconds, beside its pictures."""

    def make(**changes: Any) -> Path:
        write_pictures(tmp_path / "pictures", **changes)
        config = tmp_path / "small.yaml"
        config.write_text(SMALL_CONFIG.format(pictures=tmp_path / "pictures"))
        return config

    return make
