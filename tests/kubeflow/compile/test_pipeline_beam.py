"""Beam runners and the volumes of a cluster, checked before anything is compiled."""

from pathlib import Path

import pytest

from kubeflow.compile.cluster_checks import load_for_cluster
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


def test_remote_workers_do_not_have_the_pods_volumes(config: Path) -> None:
    config.write_text(CONFIG.replace("ROOT", "/mnt/pipeline/pets"))
    with pytest.raises(ConfigError) as raised:
        load_for_cluster(config)
    [problem] = raised.value.problems
    assert problem.path == "beam"
    assert "ImageExampleGen runs on flink, whose workers cannot reach" in problem.message
    load_for_cluster(config, ["beam.flink.mounts_root=true"])
    load_for_cluster(config, ["beam.runner=direct"])


def test_remote_workers_can_use_a_bucket(config: Path) -> None:
    config.write_text(CONFIG.replace("ROOT", "gs://bucket/pets"))
    load_for_cluster(config)
