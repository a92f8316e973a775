"""What a person wants to know of each component, in a line: facts to text, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

from components.format import count

Facts = Mapping[str, Any]

# What a component does, for who does not know TFX: shown until it has something to tell.
PURPOSES = {
    "ImageExampleGen": "read, check and split the images",
    "StatisticsGen": "count labels, sizes and formats",
    "SchemaGen": "infer what normal data looks like",
    "ImportSchemaGen": "load your schema",
    "ExampleCheck": "compare the data with the schema",
    "Transform": "build the graph that decodes and scales",
    "Trainer": "train the model",
    "EarlierModel": "find the model to start from",
    "Baseline": "find the last blessed model",
    "Evaluator": "measure on the test split and decide",
    "InfraValidator": "have TensorFlow Serving load the model",
    "ServingCheck": "ask the model in a process of its own",
    "Pusher": "put the model into service",
    "Report": "write a page about the run",
}


def headline(component: str, facts: Facts) -> str:
    """The key figure of a component that has finished.

    Args:
        component: Its id.
        facts: What it found, see `pipeline.run.events`; any key may be missing.

    Returns:
        One line, or nothing where there is nothing to tell.
    """
    teller = _TELLERS.get(component)
    return teller(facts) if teller and facts else ""


def duration(seconds: float) -> str:
    """Seconds as people say them: `3.2s`, `41s`, `2m05s`, `1h03m`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def accuracy(value: float) -> str:
    """An accuracy with the digits that matter: `0.9815`, `0.95`, `1.0`."""
    text = f"{value:.4f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _ingest(facts: Facts) -> str:
    parts = []
    if "found" in facts:
        images = count(facts["found"], "image")
        parts.append(", ".join(filter(None, [images, _quarantine(facts), _span(facts)])))
    if splits := facts.get("splits"):
        parts.append(", ".join(f"{name} {number:,}" for name, number in splits.items()))
    return "; ".join(parts)


def _quarantine(facts: Facts) -> str:
    if not facts.get("quarantined"):
        return ""
    reasons = facts.get("quarantined_by_reason") or {}
    by_number = sorted(reasons.items(), key=lambda item: -item[1])
    told = ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in by_number[:3])
    rest = sum(number for _, number in by_number[3:])
    told += f", {rest:,} other" if rest else ""
    return f"{facts['quarantined']:,} quarantined" + (f" ({told})" if told else "")


def _span(facts: Facts) -> str:
    return f"span {facts['span']}" if facts.get("span") else ""


def _check(facts: Facts) -> str:
    anomalies = facts.get("anomalies") or []
    if not anomalies:
        return "no anomalies"
    more = f" (and {len(anomalies) - 1} more)" if len(anomalies) > 1 else ""
    return f"{'anomalies' if more else 'anomaly'}: {anomalies[0]}{more}"


def _transform(facts: Facts) -> str:
    parts = []
    if "classes" in facts:
        parts.append(count(facts["classes"], "class"))
    if "image_size" in facts:
        parts.append(f"{facts['image_size']} x {facts['image_size']} pixels")
    return ", ".join(parts)


def _trainer(facts: Facts) -> str:
    stages = [
        f"{stage['name']} {accuracy(stage['validation_accuracy'])}"
        + (f" ({count(stage['epochs'], 'epoch')})" if "epochs" in stage else "")
        for stage in facts.get("stages", [])
        if stage.get("validation_accuracy") is not None
    ]
    return f"validation accuracy: {', '.join(stages)}" if stages else ""


def _baseline(facts: Facts) -> str:
    return "found" if facts.get("baseline") else "none yet"


def _evaluator(facts: Facts) -> str:
    if facts.get("blessed") is False and facts.get("reasons"):
        return f"refused: {'; '.join(facts['reasons'])}"
    if facts.get("text"):
        return facts["text"]
    parts = []
    if facts.get("test_accuracy") is not None:
        parts.append(f"test accuracy {accuracy(facts['test_accuracy'])}")
    if "blessed" in facts:
        parts.append("blessed" if facts["blessed"] else "refused")
    return ", ".join(parts)


def _serving_check(facts: Facts) -> str:
    if facts.get("failures"):
        return (
            f"refused: {facts['failures'][0]}" if facts.get("is_checked") else facts["failures"][0]
        )
    if not facts.get("latency_ms"):
        return ""
    one, growth = facts["latency_ms"]["1"], facts["memory_growth_bytes"] / 2**20
    return (
        f"{facts['calls']} calls; an image takes {one['p50']:.0f} ms (p99 {one['p99']:.0f}); "
        f"memory {growth:+.1f} MiB"
    )


def _pusher(facts: Facts) -> str:
    if facts.get("withdrawn"):
        return f"withdrawn by a rollback; version {facts['version']} stays in service"
    if facts.get("version") is not None:
        return f"version {facts['version']}"
    return "nothing pushed" if facts.get("pushed") is False else ""


_TELLERS: dict[str, Callable[[Facts], str]] = {
    "ImageExampleGen": _ingest,
    "ExampleCheck": _check,
    "Transform": _transform,
    "Trainer": _trainer,
    "EarlierModel": _baseline,
    "Baseline": _baseline,
    "Evaluator": _evaluator,
    "ServingCheck": _serving_check,
    "Pusher": _pusher,
}
