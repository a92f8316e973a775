"""The options from the settings, parsed by Beam itself."""

from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.parallel import count_cores
from pipeline.config.beam import BeamSettings
from pipeline.execution.beam_args import beam_args
from tests.pipeline.config.test_beam import DATAFLOW, FLINK, SPARK, WORKERS


def parsed(node_id: str = "StatisticsGen", **settings: Any) -> dict[str, Any]:
    """The options as Beam parses them; fails if it does not know one."""
    options = PipelineOptions(beam_args(BeamSettings.model_validate(settings), node_id))
    known = options.get_all_options()
    unknown = options.get_all_options(retain_unknown_options=True).keys() - known.keys()
    assert unknown == set()
    return known


def test_the_default_is_in_memory() -> None:
    options = parsed()
    assert options["runner"] == "DirectRunner"
    assert options["direct_running_mode"] == "in_memory"
    assert options["direct_num_workers"] == 1
    # Any value keeps TFX from building a package of itself for remote workers.
    assert options["sdk_container_image"] == "none"


def test_one_process_per_core_or_the_given_number() -> None:
    options = parsed(direct={"mode": "multi_processing"})
    assert options["direct_running_mode"] == "multi_processing"
    assert options["direct_num_workers"] == count_cores()
    options = parsed(direct={"mode": "multi_threading", "workers": 7})
    assert (options["direct_running_mode"], options["direct_num_workers"]) == ("multi_threading", 7)


def test_flink_with_one_jar_or_a_job_server() -> None:
    options = parsed(runner="flink", flink={**FLINK, "parallelism": 8})
    assert options["runner"] == "FlinkRunner" and options["flink_submit_uber_jar"]
    assert (options["flink_master"], options["parallelism"]) == ("flink:8081", 8)
    assert options["flink_version"] == "1.18"
    options = parsed(runner="flink", flink={"job_endpoint": "jobs:8099", "workers": WORKERS})
    assert (options["runner"], options["job_endpoint"]) == ("PortableRunner", "jobs:8099")


def test_spark_with_one_jar_or_a_job_server() -> None:
    options = parsed(runner="spark", spark={**SPARK, "job_server_jar": "/opt/spark.jar"})
    assert options["runner"] == "SparkRunner" and options["spark_submit_uber_jar"]
    assert options["spark_rest_url"] == "http://spark:6066"
    assert options["spark_job_server_jar"] == "/opt/spark.jar"
    options = parsed(runner="spark", spark={"job_endpoint": "jobs:8099", "workers": WORKERS})
    assert (options["runner"], options["job_endpoint"]) == ("PortableRunner", "jobs:8099")


@pytest.mark.parametrize(
    ("workers", "kind", "config", "image"),
    [
        (WORKERS, "EXTERNAL", "localhost:50000", "none"),
        ({"command": "/boot"}, "PROCESS", '{"command": "/boot"}', "none"),
        ({"image": "repository/image:1"}, "DOCKER", "repository/image:1", "repository/image:1"),
    ],
)
def test_workers(workers: dict[str, str], kind: str, config: str, image: str) -> None:
    options = parsed(runner="flink", flink={**FLINK, "workers": workers})
    assert (options["environment_type"], options["environment_config"]) == (kind, config)
    assert options["sdk_container_image"] == image


def test_dataflow() -> None:
    dataflow = {**DATAFLOW, "machine_type": "n1-standard-4", "max_workers": 20}
    options = parsed(runner="dataflow", dataflow=dataflow)
    expected = {
        "runner": "DataflowRunner",
        "project": "images",
        "region": "europe-west4",
        "temp_location": "gs://bucket/tmp",
        "sdk_container_image": "repository/image:1",
        "machine_type": "n1-standard-4",
        "max_num_workers": 20,
        "service_account_email": None,
    }
    assert {name: options[name] for name in expected} == expected


def test_components_can_differ() -> None:
    settings = {
        "runner": "dataflow",
        "dataflow": DATAFLOW,
        "components": {"ImageExampleGen": {"runner": "direct"}},
    }
    assert parsed("ImageExampleGen", **settings)["runner"] == "DirectRunner"
    assert parsed("Evaluator", **settings)["runner"] == "DataflowRunner"


def test_pipeline_args_replace_other_options() -> None:
    args = beam_args(
        BeamSettings(pipeline_args=("--direct_running_mode=multi_threading",)), "Transform"
    )
    assert [arg for arg in args if "running_mode" in arg] == [
        "--direct_running_mode=multi_threading"
    ]


def test_pipeline_args_that_name_a_runner_replace_all_others() -> None:
    plain = ("--runner=FlinkRunner", "--flink_master=flink:8081")
    assert beam_args(BeamSettings(pipeline_args=plain), "Transform") == [*plain]
