"""A small compiled pipeline and a fake host, for the tests of `deploy` and `schedule`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kfp
import pytest
import yaml

from kubeflow.client.api import PipelinesHost
from kubeflow.client.connection import Connection
from kubeflow.deploy.package import Package, read_package
from tests.fakes.kubeflow.kfp_api_server import KfpApi, serve

TASKS = {"trainer": (), "evaluator": ("trainer",), "pusher": ("evaluator",)}


def write_package(folder: Path, image: str = "images:1") -> Package:
    """A compiled pipeline of three tasks."""
    component = {
        "executorLabel": "exec",
        "inputDefinitions": {"parameters": {"span": {"parameterType": "STRING"}}},
    }
    spec: dict[str, Any] = {
        "pipelineInfo": {"name": "digits"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.5.0",
        "deploymentSpec": {"executors": {"exec": {"container": {"image": image}}}},
        "components": {"comp": component},
        "root": {
            "inputDefinitions": {
                "parameters": {"span": {"parameterType": "STRING", "isOptional": True}}
            },
            "dag": {
                "tasks": {
                    key: {
                        "componentRef": {"name": "comp"},
                        "taskInfo": {"name": key.title()},
                        **({"dependentTasks": list(needed)} if needed else {}),
                    }
                    for key, needed in sorted(TASKS.items())
                }
            },
        },
    }
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(spec))
    return read_package(path, name="digits", experiment="nightly")


def connect(api: KfpApi, **options: Any) -> PipelinesHost:
    """The host, with short pauses before retries."""
    settings = {"retry_seconds": (0.01, 0.01, 0.01), "timeout_seconds": 5, **options}
    return PipelinesHost(Connection(host=api.host, **settings))


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, folder: Path, **state: Any) -> Iterator[KfpApi]:
    """A host in this process, without this machine's own settings."""
    monkeypatch.setattr(kfp.Client, "_LOCAL_KFP_CONTEXT", str(folder / "no" / "context.json"))
    for name in ("TOKEN", "TOKEN_FILE", "COOKIE", "COOKIE_FILE", "NAMESPACE", "CA_FILE"):
        monkeypatch.delenv(f"KFP_{name}", raising=False)
    for name in ("KF_PIPELINES_ENDPOINT", "KF_PIPELINES_UI_ENDPOINT", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve(KfpApi(**state)) as api:
        yield api
