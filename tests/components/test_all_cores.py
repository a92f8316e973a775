"""Every item is worked on once, in several threads, and the results keep their order."""

import threading

import pytest

from components import all_cores
from components.all_cores import map_on_all_cores


@pytest.mark.parametrize("count", [0, 1, 16, 17, 100])
def test_results_keep_the_order_of_the_items(count: int) -> None:
    assert list(map_on_all_cores(lambda item: -item, range(count))) == [-i for i in range(count)]


def test_as_many_threads_as_cores_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_cores, "count_cores", lambda: 3)
    together = threading.Barrier(3)
    # Each part begins with an item that waits for those of the two others.
    waits = (0, 16, 32)
    found = map_on_all_cores(lambda item: item in waits and together.wait(timeout=60), range(48))
    assert len(list(found)) == 48


def test_what_goes_wrong_with_an_item_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_on_all_cores(lambda item: 1 // item, [2, 1, 0]))
