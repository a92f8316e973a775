"""What ServingCheck reports: whether the exported model answers as it was trained to."""

from collections.abc import Sequence
from typing import ClassVar

from components import storage
from components.artifacts import SERVING_CHECK_FILE
from components.facts import Facts, Metrics, Outputs


class ServingCheckFacts(Facts):
    """`serving_check.json`; see `components.serving_check.verdict.Verdict` for the fields."""

    refusal: ClassVar[str] = "the exported model failed the serving check"

    passed: bool | None = None
    is_checked: bool = True
    failures: tuple[str, ...] = ()
    calls: int | None = None
    latency_ms: dict[str, dict[str, float]] = {}
    memory_growth_bytes: int | None = None

    @classmethod
    def read(cls, outputs: Outputs) -> "ServingCheckFacts":
        """Reads `serving_check.json`."""
        folder = outputs["blessing"][0].uri
        return cls(**storage.read_json(storage.join(folder, SERVING_CHECK_FILE)))

    def headline(self) -> str:
        """Latency and memory, or the first failure."""
        if self.failures:
            return f"refused: {self.failures[0]}" if self.is_checked else self.failures[0]
        if "1" not in self.latency_ms or self.memory_growth_bytes is None:
            return ""
        one, growth = self.latency_ms["1"], self.memory_growth_bytes / 2**20
        return (
            f"{self.calls} calls; {one['p50']:.0f} ms an image (p99 {one['p99']:.0f}); "
            f"memory {growth:+.1f} MiB"
        )

    def metrics(self) -> Metrics:
        """Latency with one image a call, memory, and `passed` as 0 or 1."""
        one = self.latency_ms.get("1", {})
        return {
            "passed": self.passed,
            "calls": self.calls,
            "latency_p50_ms": one.get("p50"),
            "latency_p99_ms": one.get("p99"),
            "memory_growth_bytes": self.memory_growth_bytes,
        }

    def is_refusal(self) -> bool:
        """Whether the check refused the model."""
        return self.passed is False

    def refusal_reasons(self) -> Sequence[str]:
        """What is wrong with the exported model."""
        return self.failures if self.is_refusal() else ()
