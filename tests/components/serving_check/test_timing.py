"""Latency and memory growth of a series of calls."""

import numpy as np
import pytest

from components.serving_check.timing import Timing

MIB = 1024**2


def _timing(memory: list[int]) -> Timing:
    return Timing(np.arange(1, 101.0), np.asarray(memory, np.int64))


def test_percentiles_of_the_calls() -> None:
    timing = _timing([])
    assert timing.calls == 100
    assert timing.latency_ms == {"p50": 50.5, "p99": 99.01}
    assert timing.memory_growth_bytes == 0


def test_one_time_allocations_are_not_growth() -> None:
    assert _timing([MIB, 9 * MIB, 40 * MIB, 50 * MIB, *[60 * MIB] * 16]).memory_growth_bytes == 0


def test_an_outlier_is_not_growth() -> None:
    assert _timing([MIB] * 18 + [99 * MIB, MIB]).memory_growth_bytes == 0


@pytest.mark.parametrize("before", range(21))
def test_a_single_growth_is_not_a_leak(before: int) -> None:
    """As of a thread that makes its buffers when a busy machine first lets it run."""
    assert _timing([MIB] * before + [20 * MIB] * (20 - before)).memory_growth_bytes == 0


def test_allocations_of_each_call_are_growth() -> None:
    growth = _timing([n * MIB for n in range(20)]).memory_growth_bytes
    assert growth == 12 * MIB  # From the fifth to eighth sample to the last four.
