"""The compiled pipeline does on a simulated cluster what it does on one machine, night after night.

Tasks are processes of their own, with nothing in their environment but what the compiled file and
the image give them, over metadata in PostgreSQL and a shared folder in place of the volume.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.runs import Run, run_pipeline, write_images
from tests.fakes.kubeflow.kfp_player import PlayedRun, Player
from tests.fakes.kubeflow.nights import (
    CONFIG,
    compile_config,
    last_lines,
    open_cluster,
    swap_labels,
)
from tests.fakes.servers.postgresql import run_postgresql

# Three whole runs, of eleven processes each that import TFX, and one on this machine.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600), pytest.mark.long(1)]

# The scores of each image, in a process that imports TensorFlow alone.
PREDICT = """
import json, sys
import tensorflow as tf

images = tf.constant([open(path, "rb").read() for path in sys.argv[2:]])
for folder in sys.argv[1].split(","):
    result = tf.saved_model.load(folder).signatures["serving_default"](image_bytes=images)
    print(json.dumps(result["scores"].numpy().tolist()))
"""


@dataclass(frozen=True)
class Nights:
    """Three nights on the cluster, and one run on this machine.

    Attributes:
        folder: The shared folder.
        local: The run on this machine, of the images of the first night.
        first: Pushed the first model.
        unchanged: Started again, with the same images.
        grown: Started when there were new images, while those before were still running.
        password: Of the metadata.
    """

    folder: Path
    local: Run
    first: PlayedRun
    unchanged: PlayedRun
    grown: PlayedRun
    password: str


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("shared")
    write_images(folder / "images" / "span-1", count=40)
    swap_labels(folder / "images" / "span-1", count=9)
    with run_postgresql() as server, concurrent.futures.ThreadPoolExecutor() as pool:
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(folder=folder, metadata=server.url("mlmd")))
        local = pool.submit(run_pipeline, config, folder / "local")
        player = Player(compile_config(config), open_cluster(folder, server))
        first = player.run()
        has_read = threading.Event()

        def on_task_end(name: str) -> None:
            if name == "image-example-gen":
                has_read.set()

        unchanged = pool.submit(player.run, on_task_end)
        assert has_read.wait(timeout=900)
        write_images(folder / "images" / "span-2", count=60)
        grown = player.run()
        yield Nights(
            folder,
            local.result(),
            first,
            unchanged.result(),
            grown,
            server.password,
        )


def _scores(folders: list[Path], images: list[Path]) -> list[Any]:
    result = subprocess.run(
        [sys.executable, "-c", PREDICT, ",".join(map(str, folders)), *map(str, images)],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [np.array(json.loads(line)) for line in result.stdout.splitlines()]


def _versions(nights: Nights) -> list[Path]:
    return sorted((nights.folder / "root" / "serving" / "zeros-and-ones").glob("[0-9]*"))


def test_first_night_pushes_what_a_local_run_pushes(nights: Nights) -> None:
    assert nights.first.state == "SUCCEEDED", nights.first.logs
    assert nights.local.exit_code == 0, nights.local.output
    assert {task.attempts for task in nights.first.tasks.values()} == {1}
    images = sorted((nights.folder / "images" / "span-1").rglob("*.png"))
    ours = _versions(nights)[0]
    theirs = Path(nights.local.summary["pushed"]["path"])
    on_cluster, here = _scores([ours, theirs], images)
    np.testing.assert_allclose(on_cluster, here, atol=1e-5)
    accuracy = nights.first.tasks["evaluator"].metadata["metrics"]["test_accuracy"]
    assert accuracy == pytest.approx(nights.local.summary["test"]["accuracy"])


def test_tasks_wait_for_each_other_as_the_graph_says(nights: Nights) -> None:
    tasks = nights.first.tasks
    assert tasks["trainer"].started >= tasks["transform"].ended
    assert tasks["transform"].started >= tasks["example-check"].ended
    assert tasks["report"].started >= tasks["pusher"].ended


def test_metrics_and_pages_are_written(nights: Nights) -> None:
    tasks = nights.first.tasks
    assert 0.5 <= tasks["trainer"].metadata["metrics"]["validation_accuracy"] <= 1
    assert tasks["serving-check"].metadata["metrics"]["calls"] == 20
    assert tasks["pusher"].metadata["metrics"]["pushed"] == 1
    for name in ("trainer", "evaluator", "serving-check", "pusher"):
        written = json.loads(tasks[name].artifacts["metrics"].read_text())
        assert written == pytest.approx(tasks[name].metadata["metrics"])
    assert "<html" in tasks["report"].artifacts["html"].read_text()
    assert "blessed" in tasks["evaluator"].artifacts["html"].read_text()


def test_unchanged_images_are_cached(nights: Nights) -> None:
    assert nights.unchanged.state == "SUCCEEDED", nights.unchanged.logs
    summary = last_lines(nights.unchanged)
    cached = {name for name, line in summary.items() if "cached" in line}
    assert set(summary) - cached <= {"baseline", "report"}, summary
    assert "span 1" in summary["image-example-gen"]


def test_new_images_are_trained_on_compared_and_pushed(nights: Nights) -> None:
    assert nights.grown.state == "SUCCEEDED", nights.grown.logs
    summary = last_lines(nights.grown)
    assert "120 images, span 2" in summary["image-example-gen"]
    assert "cached" not in summary["trainer"]
    # The first night's model is what the new one is measured against.
    metrics = nights.grown.tasks["evaluator"].metadata["metrics"]
    assert metrics["baseline_accuracy"] >= 0.6 and metrics["blessed"] == 1
    versions = _versions(nights)
    assert len(versions) == 2
    assert nights.grown.tasks["pusher"].metadata["metrics"]["version"] == int(versions[1].name)


def test_the_password_is_written_nowhere(nights: Nights) -> None:
    files = [nights.folder / "pipeline.yaml", *nights.folder.glob("cluster/*/*/log")]
    assert len(files) == 1 + 3 * len(nights.first.tasks)
    for file in files:
        assert nights.password not in file.read_text(errors="replace"), file
