"""Work on many small things, on all cores."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AT_ONCE = 16
"""Passing an item costs as much as reading a small file: a thread takes several at once."""


def map_on_all_cores(
    function: Callable[[_Item], _Result], items: Sequence[_Item]
) -> Iterator[_Result]:
    """Calls a function in several threads; yields its results in the order of `items`.

    For one that spends its time without Python's lock, as in reading or decoding. All results may
    be in memory together.
    """
    parts = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    with ThreadPoolExecutor(count_cores()) as threads:
        for results in threads.map(lambda part: [function(item) for item in part], parts):
            yield from results


_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_cores(quota_file: Path = _QUOTA) -> int:
    """Cores that this process may use: the machine's, or those that its container may use.

    Python's own count is that of the machine, which in a pod is the whole node.

    Args:
        quota_file: Where the kernel shows the limit (cgroup v2): microseconds of processor time in
            each period of so many microseconds, or `max`.
    """
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = quota_file.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, math.floor(int(quota) / int(period))))
