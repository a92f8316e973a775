"""A Trainer node's inputs, so small that a training takes seconds, and a cluster to train on."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import pytest

from tests.pipeline.training_job.fake_cluster import FakeCluster


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster that this process may call."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = FakeCluster(folder)
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig()))
    yield cluster
    cluster.close()


def training_job(**changed: object) -> str:
    """The variable TRAINING_JOB."""
    return json.dumps({"kind": "TFJob", "pods": 2, "image": "registry/image:1", **changed})
