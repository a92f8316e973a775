"""From a YAML file and `--set` to a checked configuration, or to every problem in it at once."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.errors import ConfigError, Problem, find_booleans, find_problems, received
from pipeline.config.key_path import KeyPath, default_at, parse_path, path_text
from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml_reader import read_yaml


def load_config(
    path: Path, overrides: Sequence[str] = (), check_paths: bool = True
) -> PipelineConfig:
    """Reads, overrides and checks a configuration.

    Args:
        path: YAML file.
        overrides: `--set` options, each `a.b.c=value` with the value in YAML; the last one wins.
        check_paths: Whether folders and files named in it must exist on this machine.

    Returns:
        The configuration, with a value for every setting.

    Raises:
        ConfigError: With every problem found, if there is any.
    """
    return check_config(_read_file(path), overrides, check_paths)


def check_config(
    tree: dict[str, Any], overrides: Sequence[str] = (), check_paths: bool = True
) -> PipelineConfig:
    """Overrides and checks a configuration that is plain data already.

    Args:
        tree: The sections; left as they are.
        overrides: See `load_config`.
        check_paths: See `load_config`.

    Raises:
        ConfigError: With every problem found, if there is any.
    """
    problems = []
    for override in overrides:
        try:
            tree = apply_override(tree, override)
        except ConfigError as error:
            problems += error.problems
    return _validate(tree, problems, check_paths)


def check_config_json(
    text: str, overrides: Sequence[str] = (), more: Mapping[str, Any] | None = None
) -> PipelineConfig:
    """Overrides and checks a configuration in JSON, as tasks of a cluster are given it.

    What it names need not exist on this machine: other nodes may read it.

    Args:
        text: A JSON object with the sections.
        overrides: See `load_config`; an empty value leaves a setting as it is: so is a parameter
            that nobody filled in when a run was started.
        more: Sections that are not in the text.

    Raises:
        ConfigError: With every problem found, if there is any.
    """
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ConfigError([Problem("", f"is no JSON: {error}")]) from None
    if not isinstance(tree, dict):
        message = "is no object with sections such as data, gate and push"
        raise ConfigError([Problem("", message)])
    given = [one for one in overrides if "=" not in one or one.partition("=")[2].strip()]
    return check_config({**tree, **(more or {})}, given, check_paths=False)


def set_option(override: str) -> str:
    """What a problem with a `--set` has for its path."""
    return f"--set {override}"


def apply_override(tree: dict[str, Any], override: str) -> dict[str, Any]:
    """Puts one `--set` into a configuration.

    Args:
        tree: The configuration as plain data; left as it is.
        override: `a.b.c=value`, in YAML; in a list `stages[1].epochs` or `stages.1.epochs`.

    Returns:
        The changed configuration.

    Raises:
        ConfigError: It is no such assignment, or leads to where nothing can be set.
    """
    option = set_option(override)
    text, separator, value_text = override.partition("=")
    if not separator:
        raise ConfigError([Problem(option, "needs a value: --set PATH=VALUE")])
    try:
        path = parse_path(text.strip())
        value = read_yaml(value_text)
    except ConfigError as error:
        raise ConfigError([Problem(option, error.problems[0].message)]) from None
    except ValueError as error:
        raise ConfigError([Problem(option, str(error))]) from None
    tree = copy.deepcopy(tree)
    _assign(tree, path, value, option)
    return tree


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"there is no such file; looked in {path.absolute().parent}"
        raise ConfigError([Problem("", message)]) from None
    except IsADirectoryError:
        message = "this is a folder; give the YAML file in it"
        raise ConfigError([Problem("", message)]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem("", "this is not a text file in UTF-8")]) from None
    except OSError as error:
        raise ConfigError([Problem("", f"cannot be read: {error.strerror}")]) from None
    tree = read_yaml(text)
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        message = f"received {received(tree)}; allowed: sections such as data:, gate: and push:"
        raise ConfigError([Problem("", message)])
    # A section whose every line is commented out reads as empty: it is meant to have its defaults.
    # Where the default is to have no such section, empty means that.
    optional = {key for key, field in PipelineConfig.model_fields.items() if field.default is None}
    return {
        key: {} if value is None and key not in optional else _unshared(value)
        for key, value in tree.items()
    }


def _unshared(tree: Any) -> Any:
    """A copy in which what YAML's aliases share is there once for each: `--set` changes one."""
    if isinstance(tree, dict):
        return {key: _unshared(value) for key, value in tree.items()}
    return [_unshared(value) for value in tree] if isinstance(tree, list) else tree


def _assign(tree: dict[str, Any], path: KeyPath, value: Any, option: str) -> None:
    here: Any = tree
    for position, step in enumerate(path):
        done = path[:position]
        if isinstance(step, int):
            _require_entry(here, step, done, option)
        elif here is None or not isinstance(here, dict):
            message = f"{path_text(done)} is {received(here)}, which has no keys"
            raise ConfigError([Problem(option, message)])
        if position == len(path) - 1:
            here[step] = value
            return
        if isinstance(here, dict) and here.get(step) is None:
            # An entry of a list is changed within the list's default, where the file has none.
            is_list = isinstance(path[position + 1], int)
            here[step] = default_at(PipelineConfig, path[: position + 1]) if is_list else {}
        here = here[step]


def _require_entry(here: Any, index: int, path: KeyPath, option: str) -> None:
    if not isinstance(here, list):
        message = f"{path_text(path)} is {received(here)}, which is no list"
        raise ConfigError([Problem(option, message)])
    if not 0 <= index < len(here):
        message = (
            f"{path_text(path)} has {len(here)} entries, counted from 0; there is no [{index}]"
        )
        raise ConfigError([Problem(option, message)])


def _validate(tree: dict[str, Any], problems: list[Problem], check_paths: bool) -> PipelineConfig:
    config = None
    found = find_booleans(PipelineConfig, tree)
    try:
        config = PipelineConfig.model_validate(tree, context={"check_paths": check_paths})
    except ValidationError as error:
        known = {problem.path for problem in found}
        more = find_problems(PipelineConfig, tree, error)
        found += [problem for problem in more if problem.path not in known]
    if problems or found or config is None:
        order = list(PipelineConfig.model_fields)
        found.sort(key=lambda problem: _section_order(problem, order))
        raise ConfigError(problems + found)
    return config


def _section_order(problem: Problem, order: list[str]) -> int:
    section = problem.path.split(".")[0].split("[")[0]
    return order.index(section) if section in order else -1
