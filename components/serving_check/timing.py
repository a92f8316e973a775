"""Latency and memory of a series of calls."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Measurements of a series of calls.

    Attributes:
        milliseconds: `[calls] float64`, of each call.
        memory_bytes: `[samples] int64`, resident memory, measured at even intervals.
    """

    milliseconds: np.ndarray
    memory_bytes: np.ndarray

    @property
    def calls(self) -> int:
        """Number of calls."""
        return len(self.milliseconds)

    @property
    def latency_ms(self) -> dict[str, float]:
        """Median and 99th percentile of the calls' times, in milliseconds."""
        p50, p99 = np.percentile(self.milliseconds, [50, 99])
        return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}

    @property
    def memory_growth_bytes(self) -> int:
        """Growth of memory between the second fifth of the calls and the last.

        The first fifth is left out: one-time allocations. Medians, as a single sample may include
        memory that is about to be freed.
        """
        fifth = max(1, len(self.memory_bytes) // 5)
        early, late = self.memory_bytes[fifth : 2 * fifth], self.memory_bytes[-fifth:]
        return int(np.median(late) - np.median(early)) if len(early) else 0
