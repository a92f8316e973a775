"""Every item is worked on once, in several threads, and the results keep their order."""

import os
import threading
from pathlib import Path

import pytest

from components import parallel
from components.parallel import count_cores, map_on_all_cores


@pytest.mark.parametrize("count", [0, 1, 16, 17, 100])
def test_results_keep_the_order_of_the_items(count: int) -> None:
    assert list(map_on_all_cores(lambda item: -item, range(count))) == [-i for i in range(count)]


def test_as_many_threads_as_cores_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "count_cores", lambda: 3)
    together = threading.Barrier(3)
    # Each part begins with an item that waits for those of the two others.
    waits = (0, 16, 32)
    found = map_on_all_cores(lambda item: item in waits and together.wait(timeout=60), range(48))
    assert len(list(found)) == 48


def test_what_goes_wrong_with_an_item_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_on_all_cores(lambda item: 1 // item, [2, 1, 0]))


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
