"""Work on many small things, on all cores."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from components.cores import count_cores

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AT_ONCE = 16
"""Handing over an item costs as much as reading a small file: a thread takes some at once."""


def map_on_all_cores(
    function: Callable[[_Item], _Result], items: Sequence[_Item]
) -> Iterator[_Result]:
    """Calls a function that spends its time without Python's lock, as in reading or decoding.

    Args:
        function: Called in several threads at a time.
        items: What it is called with. All results may be in memory together.

    Yields:
        What it returns, in the order of `items`.
    """
    parts = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    with ThreadPoolExecutor(count_cores()) as threads:
        for results in threads.map(lambda part: [function(item) for item in part], parts):
            yield from results
