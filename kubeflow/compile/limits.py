"""Size limits of Linux, Kubernetes, Argo and KFP, checked before a cluster rejects the pipeline."""

import json
from collections.abc import Mapping
from typing import Any

from components.errors import UserError

# MAX_ARG_STRLEN, 32 pages: the longest argument or environment variable (execve(2)). The longest
# is ARGO_TEMPLATE, in which Argo passes a task's whole template to its executor; newer versions
# offload it, older ones fail with "argument list too long" (argoproj/argo-workflows, issue 12190).
_LONGEST_VARIABLE = 32 * 4096
# What the template contains besides KFP's patch: the launcher's own volumes, mounts and variables.
_REST_OF_TEMPLATE = 8 * 1024
# All annotations of an object together (TotalAnnotationSizeLimitB of Kubernetes' API machinery).
# KFP stores each component's spec in an annotation (kubeflow/pipelines, issue 10968).
_ALL_ANNOTATIONS = 256 * 1024
# Argo replaces {{...}} in templates, and Kubernetes $(...) in arguments.
_REPLACED = ("{{", "$(")


# MaxParameterBytes of KFP's API, for the values that a run is started with; 20,000 since
# kubeflow/pipelines pull request 12519. KFP's form sends all of them, defaults too.
_PARAMETERS_OF_A_RUN = 10_000


def note_on_size(config: str) -> str | None:
    """A warning, if the configuration is too long for KFP's form."""
    if len(config.encode()) <= _PARAMETERS_OF_A_RUN:
        return None
    return (
        f"The configuration is {len(config.encode()):,} bytes of JSON. KFP's form for new runs "
        f"accepts {_PARAMETERS_OF_A_RUN:,}; start runs with `deploy` and `schedule`, which do not "
        "send it."
    )


def check_config(config: str) -> None:
    """Checks that Argo and Kubernetes would not change the configuration.

    Raises:
        UserError: If it contains text that they replace.
    """
    for text in _REPLACED:
        if text in config:
            start = max(0, config.index(text) - 30)
            raise UserError(
                f"the configuration contains {text!r}, which the cluster would replace: "
                f"...{config[start : start + 60]}...",
                "Write the setting without it.",
            )


def check_sizes(spec: Mapping[str, Any], platform: Mapping[str, Any], config: str) -> None:
    """Checks a compiled pipeline, the Kubernetes config of each executor, and the configuration.

    Raises:
        UserError: If something in it is too long.
    """
    executors = spec["deploymentSpec"]["executors"]
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    values = {name: parameter.get("defaultValue", "") for name, parameter in parameters.items()}
    annotations = 0
    for component in spec["components"].values():
        label = component["executorLabel"]
        container, kubernetes = executors[label]["container"], platform.get(label, {})
        annotations += sum(len(json.dumps(part)) for part in (component, container, kubernetes))
        size = _template_size(component, container, kubernetes, values)
        if size > _LONGEST_VARIABLE:
            raise UserError(
                f"the configuration is too long for a cluster: {len(config):,} bytes of JSON "
                f"become {size:,} in the environment of a task ({label}), and Linux allows "
                f"{_LONGEST_VARIABLE:,} for one variable.",
                "Move long lists out of it: images into a manifest; set class weights to `auto`.",
            )
    if annotations > _ALL_ANNOTATIONS:
        raise UserError(
            f"the compiled tasks are too long for a cluster: {annotations:,} bytes, and Kubernetes "
            f"allows {_ALL_ANNOTATIONS:,} for all annotations of an object.",
            "Shorten kubeflow.env and the entries of kubeflow.resources.",
        )


def _template_size(
    component: Mapping[str, Any],
    container: Mapping[str, Any],
    kubernetes: Mapping[str, Any],
    values: Mapping[str, Any],
) -> int:
    """Bytes of ARGO_TEMPLATE: JSON in JSON in JSON, escaped at each level."""
    executor_input = json.dumps({"inputs": {"parameterValues": values}})
    # The driver makes the launcher the command, and the node's command its arguments.
    launcher = ["--executor_input", executor_input, "--component_spec", json.dumps(component)]
    words = {"command": launcher, "args": [*container["command"], *container["args"]]}
    patch = json.dumps({"containers": [{**container, **words}], "pod": kubernetes})
    # The patch is an input of the template, and is repeated where the template uses it.
    template = {"inputs": {"parameters": [{"value": patch}]}, "podSpecPatch": patch}
    return len(json.dumps(template)) + _REST_OF_TEMPLATE
