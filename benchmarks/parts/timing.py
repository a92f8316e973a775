"""Repeated passes, in turns."""

import time
from collections.abc import Callable, Sequence
from statistics import median


def seconds_of(passes: Sequence[Callable[[], object]], rounds: int = 3) -> list[float]:
    """Median seconds of each pass; all in turns, after one of each that does not count.

    The first traces graphs, allocates, and fills the page cache.
    """
    taken: list[list[float]] = [[] for _ in passes]
    for number in range(rounds + 1):
        for index, one in enumerate(passes):
            start = time.perf_counter()
            one()
            if number:
                taken[index].append(time.perf_counter() - start)
    return [median(values) for values in taken]
