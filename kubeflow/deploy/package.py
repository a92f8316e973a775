"""A compiled pipeline: its name, its tasks, its parameters, and what tells it from others."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from components.errors import UserError
from kubeflow.compile.parameters import CONFIG
from kubeflow.names import experiment_name, pipeline_name
from pipeline.config import PipelineConfig
from pipeline.headlines import PURPOSES
from pipeline.quiet_stderr import stderr_of_our_own

_DIGEST_LENGTH = 12
# PrimitiveType and ParameterType of kubeflow/pipelines, api/v2alpha1/pipeline_spec.proto.
_TYPES = {
    "STRING": str,
    "NUMBER_INTEGER": int,
    "NUMBER_DOUBLE": float,
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


@dataclass(frozen=True)
class Task:
    """A task of the pipeline.

    Attributes:
        key: Its key in the compiled YAML, by which KFP calls its nodes.
        name: Its name for people.
    """

    key: str
    name: str


@dataclass(frozen=True)
class Package:
    """A compiled pipeline.

    Attributes:
        path: Its file.
        name: Name of the pipeline in KFP.
        version: Name of this version: it follows from the content.
        tasks: Its tasks, in an order in which they may run.
        parameters: Type of each parameter, by name.
        experiment: Name of the experiment that its runs belong to.
        service_account: Service account of its pods; None is KFP's default.
    """

    path: Path
    name: str
    version: str
    tasks: tuple[Task, ...]
    parameters: Mapping[str, str]
    experiment: str
    service_account: str | None = None

    def read_parameters(self, assignments: tuple[str, ...]) -> dict[str, Any]:
        """Reads --param NAME=VALUE.

        Raises:
            UserError: If the pipeline has no such parameter, or a value is of another type.
        """
        values: dict[str, Any] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals or name not in self.parameters:
                known = ", ".join(sorted(set(self.parameters) - {CONFIG})) or "none"
                raise UserError(
                    f"--param {assignment}: the pipeline has no parameter {name!r}"
                    if equals
                    else f"--param {assignment} is not NAME=VALUE",
                    f"Its parameters: {known}.",
                )
            values[name] = _value(name, self.parameters[name], text)
        return values


@contextmanager
def compiled(config: PipelineConfig) -> Iterator[Package]:
    """Compiles a configuration into a file that is gone afterwards.

    Raises:
        UserError: If it cannot be compiled.
    """
    with stderr_of_our_own():
        from kubeflow.compile.pipeline import compile_pipeline

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
    """Reads what `compile` wrote.

    Args:
        path: The compiled pipeline.
        name: Name of the pipeline in KFP.
        experiment: Name of the experiment that its runs belong to.
        service_account: Service account of its pods.

    Raises:
        UserError: If it is no compiled pipeline.
    """
    import yaml

    try:
        documents = [document for document in yaml.safe_load_all(path.read_text()) if document]
        spec = documents[0]
        spec_name = spec["pipelineInfo"]["name"]
        tasks = spec["root"]["dag"]["tasks"]
        inputs = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise UserError(f"{path} is no compiled pipeline: {error}") from None
    content = json.dumps(documents, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]
    return Package(
        path=path,
        name=name,
        version=f"{spec_name}-{digest}",
        tasks=_in_order(tasks),
        parameters={key: value["parameterType"] for key, value in inputs.items()},
        experiment=experiment,
        service_account=service_account,
    )


def _in_order(tasks: Mapping[str, Any]) -> tuple[Task, ...]:
    """Tasks after those that they wait for; among equals as a local run shows them."""
    shown = list(PURPOSES)

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


def _value(name: str, kind: str, text: str) -> Any:
    expected = _TYPES.get(kind, str)
    if expected is str:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if expected is float and type(value) is int:
        value = float(value)
    if type(value) is not expected:
        raise UserError(f"--param {name}={text}: {name} is a {kind.lower().replace('_', ' ')}")
    return value
