"""The compiled file, which KFP runs: two YAML documents."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from google.protobuf import json_format
from kfp import dsl

from pipeline.config.kubeflow.settings import KubeflowSettings, RetrySettings
from pipeline.config.schema import PipelineConfig

from ..names import pipeline_name, spec_name
from .component import RUN_ID, build_component
from .container_resources import add_newer_fields, set_resources
from .limits import check_config, check_sizes
from .parameters import CONFIG, RunParameter, config_json, run_parameters
from .platform_config import platform_config
from .pod import Pod, pod_of
from .task_graph import TaskNode, task_graph, task_name

_HEADER = """\
# {name}, compiled by `python -m kubeflow compile`; do not edit.
# The first document is the pipeline, the second its Kubernetes settings.
"""


def compile_pipeline(config: PipelineConfig) -> str:
    """Compiles a configuration that passed `load_for_cluster`.

    Returns:
        Two YAML documents: KFP's PipelineSpec (schema 2.1.0) and its PlatformSpec.

    Raises:
        UserError: The configuration contradicts itself, or is too long for a cluster.
    """
    assert config.kubeflow is not None
    text = config_json(config)
    check_config(text)
    nodes = task_graph(config)
    pods = {node.id: pod_of(node.id, config.kubeflow) for node in nodes}
    pipeline = _build_pipeline(config, text, nodes, pods)
    spec = json_format.MessageToDict(pipeline.pipeline_spec)
    _set_retry_window(spec, config.kubeflow.retries)
    platform = json_format.MessageToDict(pipeline.platform_spec)
    executors = spec["deploymentSpec"]["executors"]
    for node_id, pod in pods.items():
        add_newer_fields(executors[f"exec-{task_name(node_id)}"]["container"], pod.container)
    check_sizes(spec, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"], text)
    documents = yaml.safe_dump_all([spec, platform], sort_keys=True, width=10_000)
    return _HEADER.format(name=pipeline_name(config)) + documents


def _build_pipeline(
    config: PipelineConfig, text: str, nodes: Sequence[TaskNode], pods: Mapping[str, Pod]
) -> Any:
    parameters = run_parameters(config)
    settings = config.kubeflow
    assert settings is not None

    def pipeline(*channels: Any) -> None:
        values = dict(zip((CONFIG, *(each.name for each in parameters)), channels, strict=True))
        tasks: dict[str, Any] = {}
        for node in nodes:
            component = build_component(node.id, settings, parameters)
            task = component(**values, **{RUN_ID: dsl.PIPELINE_JOB_ID_PLACEHOLDER})
            task.after(*(tasks[upstream] for upstream in node.upstream))
            _set_up(task, node.id, settings, pods[node.id])
            tasks[node.id] = task

    # The SDK reads a pipeline's parameters from its function.
    pipeline.__doc__ = _docstring(parameters)
    pipeline.__signature__ = _signature(text, parameters)  # type: ignore[attr-defined]
    description = f"Trains and releases the image classifier {config.push.model_name}"
    return dsl.pipeline(pipeline, name=spec_name(config), description=description)


def _set_up(task: Any, node_id: str, settings: KubeflowSettings, pod: Pod) -> None:
    task.set_display_name(node_id)
    # TFX's cache is used, whose key includes the data; KFP's has only the parameters.
    task.set_caching_options(False)
    retries = settings.retries
    if retries.count:
        task.set_retry(
            retries.count,
            f"{retries.backoff_seconds}s",
            retries.backoff_factor,
        )
    set_resources(task, pod.container)
    for name, value in pod.env.items():
        task.set_env_variable(name, value)
    task.platform_config = {"kubernetes": platform_config(node_id, settings, pod.resources)}


def _set_retry_window(spec: dict[str, Any], retries: RetrySettings) -> None:
    """Sets for how long tasks are retried.

    KFP hands `backoffMaxDuration` to Argo as the end of all attempts, counted from the start of the
    first one, and its SDK writes no more than an hour: a training that dies later would never be
    retried, and a retry of it be stopped. Argo reads whole factors only.
    """
    for task in spec["root"]["dag"]["tasks"].values():
        if policy := task.get("retryPolicy"):
            policy["backoffMaxDuration"] = f"{retries.window_seconds}s"
            policy["backoffFactor"] = retries.backoff_factor


def _signature(text: str, parameters: Sequence[RunParameter]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    defaults = {CONFIG: text, **{parameter.name: "" for parameter in parameters}}
    return inspect.Signature(
        [
            inspect.Parameter(name, kind, default=default, annotation=str)
            for name, default in defaults.items()
        ]
    )


def _docstring(parameters: Sequence[RunParameter]) -> str:
    lines = [f"    {CONFIG}: The configuration as JSON, without defaults."]
    lines += [f"    {each.name}: {each.description}; empty: as configured." for each in parameters]
    return "\n".join(["The pipeline.", "", "Args:", *lines])
