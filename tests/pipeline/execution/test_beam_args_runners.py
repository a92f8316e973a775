"""The components of the pipeline on Beam's runners, run for real on a few images."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.compiler import compiler
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent

from pipeline.config.schema import PipelineConfig
from pipeline.execution.compiled_pipeline import CompiledPipeline
from pipeline.graph import create_pipeline
from pipeline.metadata.connection import connection_config
from pipeline.metadata.url import MetadataUrl
from pipeline.run.paths import Workspace
from tests.e2e.runs import write_images
from tests.fakes.servers.database_server import free_port

pytestmark = pytest.mark.long(17)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    write_images(tmp_path / "images")
    return tmp_path / "images"


def configuration(images: Path, beam: dict[str, Any]) -> PipelineConfig:
    return PipelineConfig.model_validate(
        {
            "data": {"path": str(images)},
            "gate": {"min_accuracy": 0.5},
            "push": {"model_name": "few"},
            "model": {"weights": "none"},
            "beam": beam,
        }
    )


def compiled(images: Path, workspace: Path, beam: dict[str, Any]) -> CompiledPipeline:
    config, place = configuration(images, beam), Workspace(workspace)
    metadata = connection_config(MetadataUrl("sqlite", database=str(place.metadata(config))))
    return CompiledPipeline(create_pipeline(config, place), str(time.time()), metadata)


def compiled_nodes(images: Path, workspace: Path, beam: dict[str, Any]) -> list[Any]:
    """Nodes from TFX's compiler."""
    pipeline = create_pipeline(configuration(images, beam), Workspace(workspace))
    return [node.pipeline_node for node in compiler.Compiler().compile(pipeline).nodes]


def contents(folder: Path) -> dict[str, bytes]:
    """The files that ingest wrote, except JSON files, which contain paths."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.slow
def test_several_processes_write_the_same_examples_and_use_the_cache(
    images: Path, tmp_path: Path
) -> None:
    alone = compiled(images, tmp_path / "alone", {})
    expected = contents(Path(alone.run_node("ImageExampleGen").outputs["examples"][0].uri))

    beam = {"direct": {"mode": "multi_processing", "workers": 2}}
    several = compiled(images, tmp_path / "several", beam)
    result = several.run_node("ImageExampleGen")
    assert result.state == "done"
    assert contents(Path(result.outputs["examples"][0].uri)) == expected
    assert several.run_node("StatisticsGen").state == "done"

    # Neither the runner nor the number of workers affects the cache.
    for other in ({}, {"direct": {"mode": "multi_processing", "workers": 3}}):
        again = compiled(images, tmp_path / "several", other)
        assert again.run_node("ImageExampleGen").state == "cached"


@pytest.fixture
def job_server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Beam's own job server, and a pool of workers beside it, as on a Flink cluster."""
    ports = [free_port(), free_port()]
    programs = [
        ["apache_beam.runners.portability.local_job_service_main", "-p", str(ports[0])],
        ["apache_beam.runners.worker.worker_pool_main", f"--service_port={ports[1]}"],
    ]
    # The pool starts its workers with the `python` on PATH.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (tmp_path / "servers.log").open("wb") as log:
        servers = [
            subprocess.Popen(
                [sys.executable, "-m", *program],
                env={**os.environ, "PATH": path},
                stdout=log,
                stderr=log,
            )
            for program in programs
        ]
    try:
        for port in ports:
            _wait_for(port)
        yield f"localhost:{ports[0]}", f"localhost:{ports[1]}"
    finally:
        for server in servers:
            server.terminate()
            server.wait(timeout=120)


@pytest.mark.slow
def test_workers_behind_a_job_server(
    images: Path, tmp_path: Path, job_server: tuple[str, str]
) -> None:
    endpoint, pool = job_server
    flink = {"job_endpoint": endpoint, "workers": {"address": pool}, "mounts_root": True}
    result = compiled(images, tmp_path / "workspace", {"runner": "flink", "flink": flink}).run_node(
        "ImageExampleGen"
    )
    assert result.state == "done"
    assert "Split-train/data_tfrecord-00000-of-00001.gz" in contents(
        Path(result.outputs["examples"][0].uri)
    )


def test_only_the_report_depends_on_the_runner(images: Path, tmp_path: Path) -> None:
    beam = {"direct": {"mode": "multi_processing"}, "pipeline_args": ["--job_name=images"]}
    nodes = [
        {
            node.node_info.id: node.parameters.SerializeToString(deterministic=True)
            for node in compiled_nodes(images, tmp_path, settings)
        }
        for settings in ({}, beam)
    ]
    different = [name for name in nodes[0] if nodes[0][name] != nodes[1][name]]
    assert different == ["Report"]


def test_exactly_the_components_that_use_beam_have_settings(images: Path, tmp_path: Path) -> None:
    settings = configuration(images, {})
    pipeline = create_pipeline(settings, Workspace(tmp_path / "workspace"))
    on_beam = [node.id for node in pipeline.components if isinstance(node, BaseBeamComponent)]
    assert sorted(on_beam) == sorted(settings.beam.components.by_id())


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port}")
