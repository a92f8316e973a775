"""What a component's outputs say, as the few facts that a person follows a run by."""

import json
from collections.abc import Callable
from typing import Any

from tfx.types import Artifact

from components import storage
from components.report.sources import read_pushed
from components.transform.preprocessing import IMAGE_XF, LABEL_VOCABULARY

Outputs = dict[str, list[Artifact]]
Facts = dict[str, Any]

# The confusion matrix of 1,000 classes is a million numbers.
_LARGE = ("classes", "confusion_matrix", "slices")


def collect_facts(component: str, outputs: Outputs) -> Facts:
    """Reads the facts of a component that has finished, in this run or in the one it cached.

    Args:
        component: Its id in the pipeline.
        outputs: Its output artifacts by key.

    Returns:
        Facts by name, see `pipeline.run.events`; empty for a component that has none.
    """
    reader = _READERS.get(component)
    return reader(outputs) if reader else {}


def _ingest(outputs: Outputs) -> Facts:
    folder = outputs["examples"][0].uri
    return {
        **_read(folder, "ingest.json"),
        "quarantine_path": storage.join(folder, "quarantine.jsonl"),
    }


def _check(outputs: Outputs) -> Facts:
    folder = outputs["anomalies"][0].uri
    is_there = any(entry.name == "anomalies.json" for entry in storage.list_folder(folder))
    return {"anomalies": _read(folder, "anomalies.json") if is_there else []}


def _transform(outputs: Outputs) -> Facts:
    import tensorflow_transform as tft

    transform = tft.TFTransformOutput(outputs["transform_graph"][0].uri)
    size = transform.transformed_feature_spec()[IMAGE_XF].shape[0]
    return {"classes": transform.vocabulary_size_by_name(LABEL_VOCABULARY), "image_size": size}


def _trainer(outputs: Outputs) -> Facts:
    training = _read(outputs["model_run"][0].uri, "training.json")
    stages = training["stages"]
    shown = [{key: value for key, value in stage.items() if key != "history"} for stage in stages]
    return {"stages": shown, "notes": training["notes"]}


def _baseline(outputs: Outputs) -> Facts:
    models = outputs.get("model", [])
    return {"baseline": models[0].uri if models else None}


def _evaluator(outputs: Outputs) -> Facts:
    decision = _read(outputs["evaluation"][0].uri, "decision.json")
    return {key: value for key, value in decision.items() if key not in _LARGE}


def _serving_check(outputs: Outputs) -> Facts:
    return _read(outputs["blessing"][0].uri, "serving_check.json")


def _pusher(outputs: Outputs) -> Facts:
    pushed = read_pushed(outputs["pushed_model"][0])
    return {
        "pushed": pushed.version is not None and not pushed.is_withdrawn,
        "is_new": pushed.is_new,
        "withdrawn": pushed.is_withdrawn,
        "version": None if pushed.version is None else int(pushed.version),
        "path": pushed.path,
    }


def _report(outputs: Outputs) -> Facts:
    return {"report_path": storage.join(outputs["report"][0].uri, "index.html")}


def _read(folder: str, file: str) -> Any:
    """JSON of an artifact, which may be in a bucket."""
    return json.loads(storage.read_bytes(storage.join(folder, file)))


_READERS: dict[str, Callable[[Outputs], Facts]] = {
    "ImageExampleGen": _ingest,
    "ExampleCheck": _check,
    "Transform": _transform,
    "Trainer": _trainer,
    "EarlierModel": _baseline,
    "Baseline": _baseline,
    "Evaluator": _evaluator,
    "ServingCheck": _serving_check,
    "Pusher": _pusher,
    "Report": _report,
}
