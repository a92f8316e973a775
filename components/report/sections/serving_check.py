"""The result of the serving check."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.artifacts import SERVING_CHECK_FILE
from components.format import number, size
from components.report.inputs.sources import Sources


@dataclass(frozen=True)
class ServingCheck:
    """The result of ServingCheck, why a model may not go into service, and what was measured."""

    passed: bool
    failures: Sequence[str]
    measures: Mapping[str, str]


def read_serving_check(sources: Sources) -> ServingCheck | None:
    """Reads it; None if ServingCheck did not run, or did not check a model that was refused."""
    check = sources.read_json("serving_check", SERVING_CHECK_FILE)
    if check is None or not check.get("is_checked", True):
        return None
    return ServingCheck(
        bool(check.get("passed")), check.get("failures") or [], dict(_measures(check))
    )


def _measures(check: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything that was measured: little, if the check failed early."""
    if check.get("images") is not None:
        yield "images used", number(check["images"])
    if check.get("largest_difference") is not None:
        yield "largest difference from the Trainer's scores", f"{check['largest_difference']:.2g}"
    if check.get("is_deterministic") is not None:
        yield "two calls agree bit for bit", "yes" if check["is_deterministic"] else "no"
    for batch, latency in (check.get("latency_ms") or {}).items():
        times = f"{latency['p50']:.1f} ms (p50), {latency['p99']:.1f} ms (p99)"
        yield f"latency, batch of {batch}", times
    if check.get("memory_growth_bytes") is not None:
        calls = number(check["calls"]) if check.get("calls") else "many"
        yield (
            f"memory growth over {calls} calls",
            size(check["memory_growth_bytes"]),
        )
    if check.get("model_bytes") is not None:
        yield "size of the model", size(check["model_bytes"])
