"""The numbers that a node measured, for Kubeflow's page of metrics."""

from collections.abc import Callable, Mapping
from typing import Any

Facts = Mapping[str, Any]
Metrics = dict[str, float]


def node_metrics(node_id: str, facts: Facts) -> Metrics:
    """Numbers by name, units in the names; empty for a node that measures nothing.

    Args:
        node_id: The node.
        facts: What it found, see `pipeline.run.events`; any key may be missing.
    """
    reader = _READERS.get(node_id)
    found = reader(facts) if reader else {}
    return {
        name: float(value) if isinstance(value, float) else int(value)
        for name, value in found.items()
        if isinstance(value, int | float)
    }


def _ingest(facts: Facts) -> dict[str, Any]:
    counts = {name: facts.get(name) for name in ("found", "accepted", "quarantined", "span")}
    splits = {f"{name}_images": number for name, number in facts.get("splits", {}).items()}
    return {**counts, **splits, "classes": len(facts.get("classes", {})) or None}


def _check(facts: Facts) -> dict[str, Any]:
    return {"anomalies": len(facts.get("anomalies", []))}


def _transform(facts: Facts) -> dict[str, Any]:
    return {"classes": facts.get("classes"), "image_size_px": facts.get("image_size")}


def _trainer(facts: Facts) -> dict[str, Any]:
    stages = facts.get("stages", [])
    metrics: dict[str, Any] = {}
    for stage in stages:
        metrics[f"{stage['name']}_validation_accuracy"] = stage.get("validation_accuracy")
        metrics[f"{stage['name']}_epochs"] = stage.get("epochs")
    if stages:
        metrics["validation_accuracy"] = stages[-1].get("validation_accuracy")
    return metrics


def _evaluator(facts: Facts) -> dict[str, Any]:
    names = ("test_accuracy", "test_examples", "calibration_error", "baseline_accuracy", "change")
    return {**{name: facts.get(name) for name in names}, "blessed": facts.get("blessed")}


def _serving_check(facts: Facts) -> dict[str, Any]:
    one = (facts.get("latency_ms") or {}).get("1", {})
    return {
        "passed": facts.get("passed"),
        "calls": facts.get("calls"),
        "latency_p50_ms": one.get("p50"),
        "latency_p99_ms": one.get("p99"),
        "memory_growth_bytes": facts.get("memory_growth_bytes"),
    }


def _pusher(facts: Facts) -> dict[str, Any]:
    return {"pushed": facts.get("pushed"), "version": facts.get("version")}


_READERS: dict[str, Callable[[Facts], dict[str, Any]]] = {
    "ImageExampleGen": _ingest,
    "ExampleCheck": _check,
    "Transform": _transform,
    "Trainer": _trainer,
    "Evaluator": _evaluator,
    "ServingCheck": _serving_check,
    "Pusher": _pusher,
}
