"""A compiled pipeline: its name, its tasks, and a version that follows from its content."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from components.errors import UserError
from pipeline.config.schema import PipelineConfig
from pipeline.console.stderr import hide_library_stderr
from pipeline.nodes import NODES

from ..names import experiment_name, pipeline_name

_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class Task:
    """A task: its key in the compiled YAML, which is its name in KFP, and its display name."""

    key: str
    name: str


@dataclass(frozen=True)
class Package:
    """A compiled pipeline.

    Attributes:
        path: Its file.
        name: Name of the pipeline in KFP.
        version: Name of this version, with a digest of the content.
        tasks: Its tasks in topological order.
        experiment: Name of the experiment that its runs belong to.
        service_account: Service account of its pods; None is KFP's default.
    """

    path: Path
    name: str
    version: str
    tasks: tuple[Task, ...]
    experiment: str
    service_account: str | None = None


@contextmanager
def compiled(config: PipelineConfig) -> Iterator[Package]:
    """Compiles a configuration into a temporary file.

    Raises:
        UserError: If it cannot be compiled.
    """
    with hide_library_stderr():
        from ..compile.pipeline import compile_pipeline

        text = compile_pipeline(config)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        path.write_text(text, encoding="utf-8")
        yield read_package(
            path,
            name=pipeline_name(config),
            experiment=experiment_name(config),
            service_account=config.kubeflow.service_account if config.kubeflow else None,
        )


def read_package(
    path: Path, name: str, experiment: str, service_account: str | None = None
) -> Package:
    """Reads a compiled pipeline.

    Raises:
        UserError: If the file is not a compiled pipeline.
    """
    import yaml

    try:
        documents = [document for document in yaml.safe_load_all(path.read_text()) if document]
        spec = documents[0]
        spec_name = spec["pipelineInfo"]["name"]
        tasks = spec["root"]["dag"]["tasks"]
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise UserError(f"{path} is not a compiled pipeline: {error}") from None
    content = json.dumps(documents, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]
    return Package(
        path=path,
        name=name,
        version=f"{spec_name}-{digest}",
        tasks=_in_topological_order(tasks),
        experiment=experiment,
        service_account=service_account,
    )


def _in_topological_order(tasks: Mapping[str, Any]) -> tuple[Task, ...]:
    """Each task after those that it depends on; otherwise in the order of a local run."""
    shown = list(NODES)

    def rank(task: Task) -> tuple[int, str]:
        return (shown.index(task.name) if task.name in shown else len(shown), task.key)

    waiting = {
        Task(key, task.get("taskInfo", {}).get("name", key)): set(task.get("dependentTasks", ()))
        for key, task in tasks.items()
    }
    ordered: list[Task] = []
    while waiting:
        done = {task.key for task in ordered}
        ready = [task for task, needed in waiting.items() if needed <= done]
        first = min(ready or waiting, key=rank)
        ordered.append(first)
        del waiting[first]
    return tuple(ordered)
