"""A pipeline root in Google Cloud Storage: nodes as processes of their own, and an emulator."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.schema import PipelineConfig
from pipeline.graph import create_pipeline
from pipeline.run.events import Finished, parse_event
from pipeline.run.paths import Workspace
from tests.e2e.runs import write_images
from tests.fakes.servers.google_storage import GoogleStorage, run_google_storage
from tests.repository import REPOSITORY

ROOT = "gs://bucket/team"


@pytest.fixture(scope="module")
def storage() -> Iterator[GoogleStorage]:
    with run_google_storage() as storage:
        yield storage


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    stages = [
        {"name": "head", "epochs": 4, "optimizer": {"learning_rate": 0.01}},
        {"name": "fine-tune", "freeze": "block_16_expand", "epochs": 1},
    ]
    return {
        "data": {"path": str(write_images(tmp_path_factory.mktemp("data"), count=40))},
        "transform": {"image_size": 32},
        "model": {"weights": "bundled", "alpha": 0.35},
        "trainer": {"stages": stages},
        "gate": {"min_accuracy": 0.5},
        "serving_check": {"calls": 20},
        "push": {"model_name": "pets"},
    }


def run_node(
    node: str, run_id: str, config: dict[str, Any], storage: GoogleStorage, folder: Path
) -> str:
    """The last line that the node printed: its last event."""
    options = ["--node", node, "--run-id", run_id, "--config-json", json.dumps(config)]
    options += ["--root", ROOT, "--metadata", f"sqlite://{folder}/m.sqlite"]
    return run_python(["-m", "pipeline", "node"], storage, *options)


# The size of a folder of folders, whose names end in a slash in a bucket.
_SIZE = [
    "-c",
    "import sys; from components.serving_check.executor import _size; print(_size(sys.argv[1]))",
]


def run_python(program: Sequence[str], storage: GoogleStorage, *arguments: str) -> str:
    """The last line that it printed."""
    result = subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=REPOSITORY,
        env={**storage.environment, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.timeout(3600)  # Twelve processes that import TFX.
def test_all_nodes(storage: GoogleStorage, config: dict[str, Any], tmp_path: Path) -> None:
    graph = create_pipeline(PipelineConfig.model_validate(config), Workspace(tmp_path))
    nodes = [node.id for node in graph.components]
    last_lines = {node: run_node(node, "run-1", config, storage, tmp_path) for node in nodes}
    pushed = parse_event(last_lines["Pusher"])
    assert isinstance(pushed, Finished) and pushed.facts["pushed"], last_lines
    names = list(storage.sizes())
    [version] = [name for name in names if re.match(r"team/serving/pets/\d+/saved_model.pb", name)]
    assert version.split("/")[3] == str(pushed.facts["version"])
    assert f"team/artifacts/pets/Report/report/{len(nodes)}/index.html" in names
    again = parse_event(run_node("ImageExampleGen", "run-2", config, storage, tmp_path))
    assert isinstance(again, Finished) and again.state == "cached"

    examples = "artifacts/pets/ImageExampleGen/examples/1"
    sizes = storage.sizes()
    written = sum(size for name, size in sizes.items() if name.startswith(f"team/{examples}/"))
    assert int(run_python(_SIZE, storage, f"{ROOT}/{examples}")) == written > 0
