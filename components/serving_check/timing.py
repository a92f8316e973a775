"""What a series of calls took: time and memory."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Timing:
    """A series of calls.

    Attributes:
        milliseconds: `[calls] float64`, of each call.
        memory_bytes: `[samples] int64`, resident memory, measured at even distances.
    """

    milliseconds: np.ndarray
    memory_bytes: np.ndarray

    @property
    def calls(self) -> int:
        """How many there were."""
        return len(self.milliseconds)

    @property
    def latency_ms(self) -> dict[str, float]:
        """The median of the calls' times and the one that 99 in 100 stay below, in milliseconds."""
        p50, p99 = np.percentile(self.milliseconds, [50, 99])
        return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}

    @property
    def memory_growth_bytes(self) -> int:
        """By how much memory grew between the second fifth of the calls and the last.

        The first fifth is for what is allocated once. Medians, as a single sample may meet what is
        about to be freed.
        """
        fifth = max(1, len(self.memory_bytes) // 5)
        early, late = self.memory_bytes[fifth : 2 * fifth], self.memory_bytes[-fifth:]
        return int(np.median(late) - np.median(early)) if len(early) else 0
