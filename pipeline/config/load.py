"""Loads a configuration from YAML and `--set` options, and reports all of its errors at once."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.errors import ConfigError, Problem, find_booleans, find_problems, format_value
from pipeline.config.key_path import KeyPath, default_at, format_path, parse_path
from pipeline.config.paths import place_paths
from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml_reader import read_yaml

_FLOW = "[{\"'|>&*!"
"""How a value begins in YAML that is not plain text or a number."""


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    check_paths: bool = True,
    say: Callable[[Sequence[str]], None] | None = None,
) -> PipelineConfig:
    """Reads a configuration, applies overrides and validates it.

    Args:
        path: YAML file.
        overrides: `--set` options, each `a.b.c=value` with the value in YAML; the last one wins.
        check_paths: Whether the folders and files it names must exist on this machine: they are
            then found as `pipeline.config.paths` says.
        say: Called with sentences, one for each path that could be another one.

    Returns:
        The configuration, defaults included.

    Raises:
        ConfigError: The configuration is invalid; lists every problem.
    """
    tree, problems = _apply_overrides(_read_file(path), overrides)
    if not check_paths:
        return _validate(tree, problems, check_paths)
    placed = place_paths(tree, path.parent)
    try:
        config = _validate(placed.tree, problems, check_paths, placed.problems)
    except ConfigError as error:
        raise ConfigError(list(map(placed.explain, error.problems))) from None
    if say:
        say(placed.notes)
    return config


def check_config(
    tree: dict[str, Any], overrides: Sequence[str] = (), check_paths: bool = True
) -> PipelineConfig:
    """Applies overrides to a configuration given as plain data, unmodified, and validates it.

    Raises:
        ConfigError: The configuration is invalid; lists every problem.
    """
    return _validate(*_apply_overrides(tree, overrides), check_paths)


def check_config_json(
    text: str, overrides: Sequence[str] = (), more: Mapping[str, Any] | None = None
) -> PipelineConfig:
    """Applies overrides to a configuration in JSON, as passed to cluster tasks, and validates it.

    The files it names need not exist on this machine: other nodes may read them.

    Args:
        text: A JSON object with the sections.
        overrides: See `load_config`; those with an empty value are ignored: run parameters that
            were left empty.
        more: Additional sections.

    Raises:
        ConfigError: The configuration is invalid; lists every problem.
    """
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ConfigError([Problem("", f"is not valid JSON: {error}")]) from None
    if not isinstance(tree, dict):
        message = "is not a JSON object with sections such as data, gate and push"
        raise ConfigError([Problem("", message)])
    given = [one for one in overrides if "=" not in one or one.partition("=")[2].strip()]
    return check_config({**tree, **(more or {})}, given, check_paths=False)


def set_option(override: str) -> str:
    """The path of a problem with a `--set` option."""
    return f"--set {override}"


def apply_override(tree: dict[str, Any], override: str) -> dict[str, Any]:
    """Applies a `--set` option, `a.b.c=value`; returns the changed configuration as plain data.

    The value is in YAML; in a list the path is `stages[1].epochs` or `stages.1.epochs`.

    Raises:
        ConfigError: It is not an assignment, or its path cannot be set.
    """
    option = set_option(override)
    text, separator, value_text = override.partition("=")
    if not separator:
        raise ConfigError([Problem(option, "needs a value: --set PATH=VALUE")])
    try:
        path = parse_path(text.strip())
        value = _read_value(value_text)
    except ConfigError as error:
        raise ConfigError([Problem(option, error.problems[0].message)]) from None
    except ValueError as error:
        raise ConfigError([Problem(option, str(error))]) from None
    tree = copy.deepcopy(tree)
    _assign(tree, path, value, option)
    return tree


def _apply_overrides(
    tree: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], list[Problem]]:
    problems = []
    for override in overrides:
        try:
            tree = apply_override(tree, override)
        except ConfigError as error:
            problems += error.problems
    return tree, problems


def _read_value(text: str) -> Any:
    """Reads the value of a `--set` option: YAML, but a plain one has no comment behind ` #`."""
    text = text.strip()
    is_plain = not text.startswith(tuple(_FLOW)) and "\n" not in text
    return text if is_plain and "#" in text else read_yaml(text)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"there is no such file; looked in {path.absolute().parent}"
        raise ConfigError([Problem("", message)]) from None
    except IsADirectoryError:
        message = (
            "this is a folder; name a YAML file: `init FOLDER` writes one for a folder of images"
        )
        raise ConfigError([Problem("", message)]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem("", "this is not a text file in UTF-8")]) from None
    except OSError as error:
        raise ConfigError([Problem("", f"cannot be read: {error.strerror}")]) from None
    tree = read_yaml(text)
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        message = f"received {format_value(tree)}; allowed: sections such as data:, gate: and push:"
        raise ConfigError([Problem("", message)])
    # A section whose lines are all commented out reads as empty: it gets its defaults, or stays
    # empty if the section is optional.
    optional = {key for key, field in PipelineConfig.model_fields.items() if field.default is None}
    return {
        key: {} if value is None and key not in optional else _copy_aliases(value)
        for key, value in tree.items()
    }


def _copy_aliases(tree: Any) -> Any:
    """A copy without shared nodes of YAML aliases, so that `--set` changes only one of them."""
    if isinstance(tree, dict):
        return {key: _copy_aliases(value) for key, value in tree.items()}
    return [_copy_aliases(value) for value in tree] if isinstance(tree, list) else tree


def _assign(tree: dict[str, Any], path: KeyPath, value: Any, option: str) -> None:
    node: Any = tree
    for position, step in enumerate(path):
        done = path[:position]
        if isinstance(step, int):
            _require_entry(node, step, done, option)
        elif node is None or not isinstance(node, dict):
            message = f"{format_path(done)} is {format_value(node)}, which has no keys"
            raise ConfigError([Problem(option, message)])
        if position == len(path) - 1:
            node[step] = value
            return
        if isinstance(node, dict) and node.get(step) is None:
            # Setting an entry of a list that the file does not have changes the default list.
            is_list = isinstance(path[position + 1], int)
            node[step] = default_at(PipelineConfig, path[: position + 1]) if is_list else {}
        node = node[step]


def _require_entry(node: Any, index: int, path: KeyPath, option: str) -> None:
    if not isinstance(node, list):
        message = f"{format_path(path)} is {format_value(node)}, which is not a list"
        raise ConfigError([Problem(option, message)])
    if not 0 <= index < len(node):
        message = (
            f"{format_path(path)} has {len(node)} entries, numbered from 0; there is no [{index}]"
        )
        raise ConfigError([Problem(option, message)])


def _validate(
    tree: dict[str, Any],
    problems: list[Problem],
    check_paths: bool,
    path_problems: Sequence[Problem] = (),
) -> PipelineConfig:
    config = None
    found = [*path_problems, *find_booleans(PipelineConfig, tree)]
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
