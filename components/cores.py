"""How many cores there are for us."""

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_cores(quota_file: Path = _QUOTA) -> int:
    """Cores that this process may use: the machine's, or those its container was given.

    Python's own count is that of the machine, which in a pod is the whole node.

    Args:
        quota_file: Where the kernel tells the limit (cgroup v2): microseconds of processor time in
            each period of so many microseconds, or `max`.
    """
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = quota_file.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, math.floor(int(quota) / int(period))))
