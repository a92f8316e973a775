"""Corrects TFX's cache, which reuses results for the same inputs and executor.

`may_use_cache` rules it out where that would be wrong; `fingerprint_code` adds our code to what
results depend on.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from components.pusher.version import ModelId, identify_model
from components.pusher.versions import was_pushed_last

if TYPE_CHECKING:
    from pipeline.execution.compiled_pipeline import CompiledPipeline


def may_use_cache(node_id: str, compiled: "CompiledPipeline", serving: str) -> bool:
    """Whether a node, those before it finished, may reuse the results of an earlier run."""
    if node_id != "Pusher":
        return True
    # The cache knows that the model was pushed once, not whether it is still in service.
    return was_pushed_last(serving, _trained_model(compiled))


def _trained_model(compiled: "CompiledPipeline") -> ModelId:
    from tfx.utils import path_utils

    trainer = compiled.find_result("Trainer")
    if not trainer or not trainer.outputs:
        return ModelId(None)
    uri = trainer.outputs["model"][0].uri
    return identify_model(uri, path_utils.serving_model_path(uri))


def fingerprint_code(package: str, without: str | None = None) -> str:
    """SHA-256, in hex, of the Python files of one of our packages, without one of its folders."""
    root = Path(__file__).parents[2]
    left_out = root / package / without if without else None
    files = [file for file in (root / package).rglob("*.py") if left_out not in file.parents]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
