"""The `beam` section: contradictions, per-component settings, folders that workers reach."""

from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from pipeline.config.beam import BeamSettings, check_reachable
from pipeline.config.errors import ConfigError
from pipeline.config.load import load_config

WORKERS = {"address": "localhost:50000"}
FLINK = {"master": "flink:8081", "workers": WORKERS}
SPARK = {"rest_url": "spark:6066", "workers": WORKERS}
DATAFLOW = {
    "project": "images",
    "region": "europe-west4",
    "temp_location": "gs://bucket/tmp",
    "image": "repository/image:1",
}


@pytest.mark.parametrize(
    ("beam", "where", "message"),
    [
        ({"runner": "flink"}, "runner", "flink needs the section beam.flink"),
        ({"runner": "dataflow", "flink": FLINK}, "runner", "needs the section beam.dataflow"),
        (
            {"components": {"Evaluator": {"runner": "spark"}}},
            "components.Evaluator.runner",
            "spark needs the section beam.components.Evaluator.spark",
        ),
        ({"components": {"Trainer": {}}}, "components.Trainer", "unknown key"),
        ({"components": {"Transfrom": {}}}, "components.Transfrom", "Did you mean Transform?"),
        ({"flink": {"workers": WORKERS}}, "flink", "give one of master and job_endpoint"),
        (
            {"flink": {**FLINK, "job_endpoint": "jobs:8099"}},
            "flink",
            "give one of master and job_endpoint",
        ),
        ({"spark": {"workers": WORKERS}}, "spark", "give one of rest_url and job_endpoint"),
        (
            {"spark": {"job_endpoint": "jobs:8099", "job_server_jar": "a.jar", "workers": WORKERS}},
            "spark.job_server_jar",
            "only used with rest_url",
        ),
        ({"flink": {"master": "flink:8081"}}, "flink.workers", "is missing"),
        ({"flink": {**FLINK, "workers": {}}}, "flink.workers", "one of address, command and image"),
        (
            {"flink": {**FLINK, "workers": {**WORKERS, "image": "a:1"}}},
            "flink.workers",
            "one of address, command and image",
        ),
        ({"flink": {**FLINK, "master": "flink"}}, "flink.master", "allowed: HOST:PORT or"),
        ({"flink": {**FLINK, "version": "1.20"}}, "flink.version", "1.17 or 1.18"),
        ({"dataflow": {"project": "images"}}, "dataflow.region", "is missing"),
        (
            {"dataflow": {**DATAFLOW, "temp_location": "/tmp"}},
            "dataflow.temp_location",
            "allowed: gs://BUCKET/FOLDER",
        ),
        ({"direct": {"workers": 4}}, "direct.workers", "set mode: multi_processing"),
        (
            {"runner": "flink", "flink": FLINK, "pipeline_args": ["--runner=SparkRunner"]},
            "pipeline_args",
            "set the runner SparkRunner, but runner is flink",
        ),
        (
            {
                "components": {
                    "Transform": {
                        "runner": "direct",
                        "pipeline_args": ["--runner", "DataflowRunner"],
                    }
                }
            },
            "components.Transform.pipeline_args",
            "set the runner DataflowRunner",
        ),
    ],
)
def test_contradictions(beam: dict[str, Any], where: str, message: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "data: {source: digits}\ngate: {min_accuracy: 0.9}\npush: {model_name: digits}\n"
        f"beam: {beam}\n"
    )
    with pytest.raises(ConfigError) as raised:
        load_config(config)
    messages = {problem.path: problem.message for problem in raised.value.problems}
    assert message in messages.get(f"beam.{where}", f"no problem at {where}, but {messages}")


def beam(**settings: Any) -> BeamSettings:
    return BeamSettings.model_validate(settings)


def test_components_inherit_what_they_leave_empty() -> None:
    settings = beam(
        dataflow=DATAFLOW,
        pipeline_args=["--job_name=images"],
        components={"Evaluator": {"runner": "dataflow"}, "Transform": {"pipeline_args": ["--a"]}},
    )
    evaluator = settings.for_component("Evaluator")
    assert evaluator.runner == "dataflow" and evaluator.dataflow == settings.dataflow
    # Options of the `beam` section belong to its runner.
    assert evaluator.pipeline_args == ()
    assert settings.for_component("Transform").pipeline_args == ("--a",)
    assert settings.for_component("StatisticsGen").pipeline_args == ("--job_name=images",)


BUCKET, VOLUME = "gs://bucket/root", "/mnt/root"
SHARED_FLINK = {**FLINK, "mounts_root": True}


@pytest.mark.parametrize(
    ("settings", "root", "images"),
    [
        (beam(), VOLUME, "images"),
        (beam(direct={"mode": "multi_processing"}), VOLUME, "images"),
        (beam(pipeline_args=["--runner=DirectRunner"]), VOLUME, "images"),
        (beam(runner="dataflow", dataflow=DATAFLOW), BUCKET, "gs://bucket/images"),
        (beam(runner="flink", flink=FLINK), BUCKET, None),
        (beam(runner="flink", flink=SHARED_FLINK), VOLUME, "/mnt/images"),
        (
            beam(runner="dataflow", dataflow=DATAFLOW,
                 components={"ImageExampleGen": {"runner": "direct"}}), BUCKET, "/mnt/images",
        ),
    ],
)  # fmt: skip
def test_folders_that_workers_reach(settings: BeamSettings, root: str, images: str | None) -> None:
    check_reachable(settings, root, images)


@pytest.mark.parametrize(
    ("settings", "root", "images", "message"),
    [
        (
            beam(runner="flink", flink=FLINK), VOLUME, None,
            "ImageExampleGen runs on flink, whose workers cannot reach the pipeline root, "
            "/mnt/root",
        ),
        (
            beam(runner="dataflow", dataflow=DATAFLOW), BUCKET, "/mnt/images",
            "ImageExampleGen runs on dataflow, whose workers cannot reach data.path, /mnt/images",
        ),
        (
            beam(components={"Evaluator": {"runner": "spark", "spark": SPARK}}), VOLUME, None,
            "Evaluator runs on spark",
        ),
        # The section with mounts_root is not the one in use.
        (
            beam(flink=SHARED_FLINK, pipeline_args=["--runner=FlinkRunner"]), VOLUME, None,
            "ImageExampleGen runs on FlinkRunner",
        ),
    ],
)  # fmt: skip
def test_folders_that_workers_do_not_reach(
    settings: BeamSettings, root: str, images: str | None, message: str
) -> None:
    with pytest.raises(UserError) as raised:
        check_reachable(settings, root, images)
    assert message in raised.value.message
    assert "gs://BUCKET/FOLDER" in (raised.value.hint or "")
