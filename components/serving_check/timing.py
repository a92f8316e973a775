"""Latency and memory of a series of calls."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Measurements of a series of calls.

    Attributes:
        milliseconds: `[calls] float64`, of each call.
        memory_bytes: `[samples] int64`, the process's own memory, measured at even intervals.
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
        """Growth of memory from the second fifth of the calls to the last, if it is steady.

        Three times the median of the growth from one fifth to the next, each fifth by its median:
        a leak grows in all of them; a thread's first buffers or a cache grow once, whenever that
        is, and a single sample may include memory that is about to be freed. The first fifth is
        left out: most one-time allocations.
        """
        fifth = len(self.memory_bytes) // 5
        if not fifth:
            return 0
        late = self.memory_bytes[len(self.memory_bytes) - 4 * fifth :]
        # A sample, never the mean of two, so that one growth is one step.
        levels = np.percentile(late.reshape(4, fifth), 50, axis=1, method="lower")
        return int(3 * np.median(np.diff(levels)))
