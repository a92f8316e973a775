"""The files that Kubeflow shows: a node's metrics, its page, and metadata of its outputs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.errors import UserError
from pipeline.nodes import METRICS


def read_executor_input(text: str) -> Path | None:
    """Where KFP wants `executor_output.json`; None if it does not, or has no metrics output.

    KFP fills in `{{$}}`: `{"inputs": {...}, "outputs": {"artifacts": {...}, "outputFile": ...}}`.

    Raises:
        UserError: It is not such JSON.
    """
    try:
        outputs = json.loads(text).get("outputs") or {}
        has_metrics = METRICS in (outputs.get("artifacts") or {})
        file = outputs.get("outputFile")
    except (ValueError, AttributeError):
        raise UserError(
            f"--executor-input is not what KFP fills in: {text[:80]}",
            "Leave it out outside of KFP.",
        ) from None
    return Path(file) if file and has_metrics else None


def executor_output(metrics: Mapping[str, float]) -> dict[str, Any]:
    """KFP's ExecutorOutput (kfp_spec's pipeline_spec.proto): the metrics, as their metadata."""
    return {"artifacts": {METRICS: {"artifacts": [{"metadata": dict(metrics)}]}}}


def write_file(path: Path, contents: str | bytes) -> None:
    """Writes a file, creating its folders.

    Raises:
        UserError: It cannot be written.
    """
    data = contents.encode("utf-8", "replace") if isinstance(contents, str) else contents
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}",
            "The node itself is done; run it again to show its outputs.",
        ) from error
