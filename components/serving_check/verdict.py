"""The result of the check: `serving_check.json` in the InfraBlessing artifact."""

import json
from dataclasses import asdict, dataclass, field

from components.artifacts import SERVING_CHECK_FILE


@dataclass(frozen=True)
class Verdict:
    """Whether a model may go into service, and what was measured.

    Attributes:
        passed: Whether it may.
        failures: Why not, one sentence each.
        is_checked: Whether it was checked; a model that the gate refused is not.
        images: Number of different real images that it was called with.
        largest_difference: Between a score and the Trainer's; None if nothing was compared.
        is_deterministic: Whether two equal calls agreed bit for bit; None if there were none.
        latency_ms: `p50` and `p99` in milliseconds on this machine's CPU, by images per call
            (`"1"`, `"32"`).
        calls: Number of calls with one image, over which latency and memory were measured.
        memory_growth_bytes: Growth of memory over them; None if there were none.
        model_bytes: Size of the SavedModel's files.
        seconds: Duration of the check.
    """

    passed: bool
    failures: list[str]
    is_checked: bool = True
    images: int = 0
    largest_difference: float | None = None
    is_deterministic: bool | None = None
    latency_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    calls: int = 0
    memory_growth_bytes: int | None = None
    model_bytes: int | None = None
    seconds: float = 0.0


def write_verdict(verdict: Verdict, folder: str) -> None:
    """Writes `serving_check.json` into the artifact's folder."""
    import tensorflow as tf

    with tf.io.gfile.GFile(f"{folder}/{SERVING_CHECK_FILE}", "w") as file:
        file.write(json.dumps(asdict(verdict), indent=2) + "\n")
