import os
from pathlib import Path

import pytest

from components.cores import count_cores


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("100000 100000", 1), ("50000 100000", 1), ("100000000 100000", None), ("max 100000", None)],
)
def test_no_more_than_the_container_was_given(
    limit: str, cores: int | None, tmp_path: Path
) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert count_cores(tmp_path / "cpu.max") == (cores or len(os.sched_getaffinity(0)))


def test_without_a_limit_as_many_as_this_process_may_use(tmp_path: Path) -> None:
    assert count_cores(tmp_path / "none") == len(os.sched_getaffinity(0))
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(here)})
    try:
        assert count_cores(tmp_path / "none") == 1
    finally:
        os.sched_setaffinity(0, here)
