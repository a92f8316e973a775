"""A fake cluster, and jobs that are submitted to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.training_job.job import run_job
from pipeline.cluster.training_job.spec import read_spec
from pipeline.cluster.training_job.watch import Pace
from tests.fakes.kubernetes.cluster import FakeCluster

QUICK = Pace(poll_seconds=0.05, stuck_seconds=0.3)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster that this process may call, through KUBECONFIG."""
    cluster = FakeCluster(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig()))
    yield cluster
    cluster.close()


def training_job(**changed: Any) -> str:
    """A value of TRAINING_JOB."""
    return json.dumps({"kind": "TFJob", "pods": 2, "image": "registry/image:1", **changed})


def submit(**changed: Any) -> None:
    """Runs a job whose pods only call `true`."""
    run_job(read_spec(training_job(**changed)), "train-it", ["true"], QUICK)
