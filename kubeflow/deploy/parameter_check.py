"""Validates the parameters of a run before it starts: in a pod, every task would reject them."""

from collections.abc import Sequence

from components.errors import UserError
from pipeline.config.errors import ConfigError, Problem
from pipeline.config.load import check_config_json, set_option
from pipeline.config.schema import PipelineConfig

from ..compile.cluster_checks import cluster_problems
from ..compile.parameters import CONFIG, config_json, run_parameters


def read_parameters(config: PipelineConfig, assignments: Sequence[str]) -> dict[str, str]:
    """Reads --param NAME=VALUE, and checks the configuration with these values.

    The last value of a name wins; an empty one leaves the setting as configured, and is not
    returned.

    Raises:
        UserError: The pipeline has no such parameter, or the configuration has problems.
    """
    paths = {parameter.name: parameter.path for parameter in run_parameters(config)}
    values: dict[str, str] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in (CONFIG, *paths):
            raise UserError(
                f"--param {assignment}: the pipeline has no parameter {name!r}"
                if equals
                else f"--param {assignment} is not NAME=VALUE",
                f"Its parameters: {', '.join(sorted(paths))}.",
            )
        values.pop(name, None)
        if text.strip():
            values[name] = text
    if values:
        _check(config, paths, values)
    return values


def _check(config: PipelineConfig, paths: dict[str, str], values: dict[str, str]) -> None:
    text = values.get(CONFIG) or config_json(config)
    settings = {name: f"{paths[name]}={value}" for name, value in values.items() if name in paths}
    # Needed for checking paths, and not part of the parameter.
    cluster = config.model_dump(mode="json", by_alias=True, include={"kubeflow"})
    try:
        problems = cluster_problems(check_config_json(text, list(settings.values()), cluster))
    except ConfigError as error:
        problems = error.problems
    names = {paths[name]: name for name in settings}
    options = {set_option(setting): name for name, setting in settings.items()}

    def message(problem: Problem) -> str:
        if problem.path in options:
            return f"--param {options[problem.path]}: {problem.message}"
        name = names.get(problem.path, CONFIG if CONFIG in values else "")
        return f"{f'--param {name}'.strip()}: {problem}"

    if problems:
        raise UserError("\n".join(map(message, problems)))
