"""A TFX node as a container component of KFP: its inputs, outputs and command."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from kfp import dsl

from pipeline.config.kubeflow.settings import KubeflowSettings
from pipeline.nodes import METRICS, PAGE, node

from .parameters import CONFIG, RunParameter
from .task_graph import task_name

RUN_ID = "run_id"
"""Input of every component: the run's id."""

_TYPES = {METRICS: dsl.Output[dsl.Metrics], PAGE: dsl.Output[dsl.HTML]}


def build_component(
    node_id: str, settings: KubeflowSettings, parameters: Sequence[RunParameter]
) -> Any:
    """Builds a node's KFP component; its inputs are `config`, `run_id` and the parameters."""
    inputs = [CONFIG, RUN_ID, *(parameter.name for parameter in parameters)]
    outputs = node(node_id).kfp_outputs

    def component(*placeholders: Any) -> dsl.ContainerSpec:
        values = dict(zip((*inputs, *outputs), placeholders, strict=True))
        return dsl.ContainerSpec(
            image=settings.image,
            command=["python", "-m", "pipeline", "node"],
            args=_arguments(node_id, settings, parameters, values),
        )

    # The SDK reads a component's inputs, outputs and name from its function.
    types = {**dict.fromkeys(inputs, str), **{name: _TYPES[name] for name in outputs}}
    component.__name__ = task_name(node_id).replace("-", "_")
    component.__signature__ = _signature(types)  # type: ignore[attr-defined]
    return dsl.container_component(component)


def _arguments(
    node_id: str,
    settings: KubeflowSettings,
    parameters: Sequence[RunParameter],
    values: Mapping[str, Any],
) -> list[Any]:
    arguments = ["--node", node_id, "--run-id", values[RUN_ID], "--config-json", values[CONFIG]]
    arguments += ["--metadata", settings.metadata.url, "--root", settings.root]
    for parameter in parameters:
        arguments += ["--set", f"{parameter.path}={values[parameter.name]}"]
    for name in (METRICS, PAGE):
        if name in values:
            arguments += [f"--{name}", values[name].path]
    if METRICS in values:
        # It names the file from which KFP reads the metrics, an artifact's metadata. There is a
        # placeholder for that file's name, but no version of KFP's launcher replaces it.
        arguments += ["--executor-input", dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER]
    return arguments


def _signature(types: Mapping[str, Any]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter(name, kind, annotation=type_) for name, type_ in types.items()]
    )
