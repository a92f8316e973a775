"""Transform at two sizes of images: it analyses labels only, so that its time must not differ."""

import json
import tempfile
import time
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.parts.row import Row
from benchmarks.parts.subject import Subject
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.url import MetadataUrl
from pipeline.run.paths import Workspace

_SIZES = (96, 224)
_ROUNDS = 7
_NODE = "Transform"


def measure(subject: Subject) -> list[Row]:
    """Runs it in turns; the first of each does not count: what it computes with is loaded there."""
    tree = json.loads(subject.config_json)
    taken: dict[int, list[float]] = {size: [] for size in _SIZES}
    with tempfile.TemporaryDirectory(prefix="transform-") as folder:
        for number in range(_ROUNDS + 1):
            for size in _SIZES:
                # A size of its own each time, which the cache has not seen.
                tree["transform"]["image_size"] = size + number
                seconds = _run(tree, Path(folder), f"{size}-{number}")
                if number:
                    taken[size].append(seconds)
    small, large = (median(taken[size]) for size in _SIZES)
    return [
        Row(
            f"Transform at {_SIZES[1]} px (median of {_ROUNDS})",
            large,
            "s",
            f"at {_SIZES[0]} px",
            small,
            1.2,
        )
    ]


def _run(tree: dict[str, Any], folder: Path, run_id: str) -> float:
    """Seconds that Transform takes in a run whose other nodes the cache answers."""
    from pipeline.execution.compiled_pipeline import CompiledPipeline
    from pipeline.graph import create_pipeline
    from pipeline.metadata.connection import connection_config

    config = PipelineConfig.model_validate(tree, context={"check_paths": False})
    workspace = Workspace(folder)
    metadata = MetadataUrl("sqlite", database=str(workspace.metadata(config)))
    pipeline = create_pipeline(config, workspace)
    compiled = CompiledPipeline(pipeline, run_id, connection_config(metadata))
    for node in takewhile(lambda node: node != _NODE, compiled.node_ids):
        compiled.run_node(node)
    start = time.perf_counter()
    compiled.run_node(_NODE)
    return time.perf_counter() - start
