"""One TFX node as a container component of KFP: its interface and its command."""

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
    """Makes a node's component.

    Args:
        node_id: The node's id in TFX.
        settings: The cluster.
        parameters: What runs may change.

    Returns:
        A KFP component whose inputs are `config`, `run_id` and the parameters.
    """
    inputs = [CONFIG, RUN_ID, *(parameter.name for parameter in parameters)]
    outputs = node(node_id).kfp_outputs

    def component(*placeholders: Any) -> dsl.ContainerSpec:
        given = dict(zip((*inputs, *outputs), placeholders, strict=True))
        return dsl.ContainerSpec(
            image=settings.image,
            command=["python", "-m", "pipeline", "node"],
            args=_arguments(node_id, settings, parameters, given),
        )

    # The SDK reads a component's interface and name from its function.
    types = {**dict.fromkeys(inputs, str), **{name: _TYPES[name] for name in outputs}}
    component.__name__ = task_name(node_id).replace("-", "_")
    component.__signature__ = _signature(types)  # type: ignore[attr-defined]
    return dsl.container_component(component)


def _arguments(
    node_id: str,
    settings: KubeflowSettings,
    parameters: Sequence[RunParameter],
    given: Mapping[str, Any],
) -> list[Any]:
    arguments = ["--node", node_id, "--run-id", given[RUN_ID], "--config-json", given[CONFIG]]
    arguments += ["--metadata", settings.metadata.url, "--root", settings.root]
    for parameter in parameters:
        arguments += ["--set", f"{parameter.path}={given[parameter.name]}"]
    for name in (METRICS, PAGE):
        if name in given:
            arguments += [f"--{name}", given[name].path]
    if METRICS in given:
        # It names the file from which KFP takes an artifact's metadata, the numbers. The
        # placeholder made for that file's name is one that no version of KFP's launcher fills in.
        arguments += ["--executor-input", dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER]
    return arguments


def _signature(types: Mapping[str, Any]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter(name, kind, annotation=type_) for name, type_ in types.items()]
    )
