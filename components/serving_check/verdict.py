"""What the check came to: `serving_check.json` in the InfraBlessing artifact."""

import json
from dataclasses import asdict, dataclass, field

from components.artifacts import SERVING_CHECK_FILE


@dataclass(frozen=True)
class Verdict:
    """Whether a model may go into service, and what was measured.

    Attributes:
        passed: Whether it may.
        failures: Why not, in sentences.
        is_checked: Whether it was asked at all; a model that the gate refused is not.
        images: Different real images that it was asked about.
        largest_difference: Between a score and the Trainer's; None where nothing was compared.
        is_deterministic: Whether two calls agreed to the bit; None where there were no two.
        latency_ms: `p50` and `p99` in milliseconds on this machine's CPU, by images a call
            (`"1"`, `"32"`).
        calls: Calls with one image that latency and memory were measured over.
        memory_growth_bytes: Growth of memory over them; None where there were none.
        model_bytes: Size of the SavedModel's files.
        seconds: Time that the check took.
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
    """Writes it into the artifact's folder."""
    import tensorflow as tf

    with tf.io.gfile.GFile(f"{folder}/{SERVING_CHECK_FILE}", "w") as file:
        file.write(json.dumps(asdict(verdict), indent=2) + "\n")
