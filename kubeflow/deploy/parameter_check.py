"""Parameters of a run, checked before it starts: in a pod, every task would refuse them."""

import json
from collections.abc import Mapping
from typing import Any

from components.errors import UserError
from kubeflow.compile.cluster_checks import cluster_problems
from kubeflow.compile.parameters import CONFIG, config_json, run_parameters
from pipeline.config import PipelineConfig
from pipeline.config_file import check_config
from pipeline.config_problems import ConfigError


def check_parameters(config: PipelineConfig, values: Mapping[str, Any]) -> None:
    """Checks the configuration that a run has with its parameters.

    Args:
        config: What was compiled.
        values: The run's parameters; an empty one leaves a setting as configured.

    Raises:
        UserError: With every problem found.
    """
    given = {name: str(value) for name, value in values.items() if str(value).strip()}
    try:
        tree = json.loads(given.get(CONFIG) or config_json(config))
    except ValueError as error:
        raise UserError(f"--param {CONFIG}: is no JSON: {error}") from None
    if not isinstance(tree, dict):
        raise UserError(f"--param {CONFIG}: is no object with sections such as data, gate and push")
    if config.kubeflow is not None:
        # No parameter, and where the pods find pictures.
        tree["kubeflow"] = json.loads(config.kubeflow.model_dump_json(by_alias=True))
    names = {one.path: one.name for one in run_parameters(config)}
    settings = [f"{path}={given[name]}" for path, name in names.items() if name in given]
    try:
        problems = cluster_problems(check_config(tree, settings, check_paths=False))
    except ConfigError as error:
        problems = error.problems
    if problems:
        raise UserError(
            "\n".join(f"--param {names.get(one.path, CONFIG)}: {one}" for one in problems)
        )
