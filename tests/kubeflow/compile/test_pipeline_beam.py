"""Beam's runners against the places of a cluster, before anything is compiled."""

from pathlib import Path

import pytest

from kubeflow.compile.load import load_for_cluster
from pipeline.config.errors import ConfigError

CONFIG = """\
data: {source: digits}
gate: {min_accuracy: 0.9}
push: {model_name: pets}
kubeflow: {image: "registry.example/image:1", root: ROOT, volumes: {claim: /mnt/pipeline}}
beam: {runner: flink, flink: {master: "flink:8081", workers: {address: "localhost:50000"}}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "pets.yaml"


def test_workers_elsewhere_cannot_use_a_volume_of_the_pods(config: Path) -> None:
    config.write_text(CONFIG.replace("ROOT", "/mnt/pipeline/pets"))
    with pytest.raises(ConfigError) as raised:
        load_for_cluster(config)
    [problem] = raised.value.problems
    assert problem.path == "beam"
    assert "ImageExampleGen runs on flink, whose workers cannot reach" in problem.message
    load_for_cluster(config, ["beam.flink.mounts_root=true"])
    load_for_cluster(config, ["beam.runner=direct"])


def test_workers_elsewhere_share_a_bucket(config: Path) -> None:
    config.write_text(CONFIG.replace("ROOT", "gs://bucket/pets"))
    load_for_cluster(config)
