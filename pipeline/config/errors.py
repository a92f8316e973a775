"""The errors of a configuration: found in pydantic's, worded for the user, laid out for a terminal.

Messages use the keys, paths and types of the YAML file; pydantic's own terms never appear.
"""

import difflib
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from components.settings import SecretValueError
from pipeline.config.describe_types import describe_type, is_section, is_union, keys, unwrap
from pipeline.config.key_path import KEY, KeyPath, format_path, resolve, section_at, value_at
from pipeline.config.suggest_key import all_keys, suggest_key

_MAX_VALUE_LENGTH = 60


@dataclass(frozen=True)
class Problem:
    """One error.

    Attributes:
        path: Its place in the file, e.g. `trainer.stages[1].epochs`; empty for the whole file.
        message: What was received, what is allowed, and what to do.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """The configuration is invalid; `problems` has every error, in the order of the sections."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def find_problems(section: type[BaseModel], tree: Any, error: ValidationError) -> list[Problem]:
    """Turns pydantic's errors in the data of a section into problems, at most one per path."""
    problems: dict[KeyPath, Problem] = {}
    for details in error.errors(include_url=False):
        path, annotation, metadata = resolve(section, details["loc"], tree)
        if path not in problems and not _is_other_branch(annotation, tree, path):
            problems[path] = _problem(section, tree, path, (annotation, metadata), details)
    # pydantic also reports a list without a valid entry as too short: one error, not two.
    return [
        problem
        for path, problem in problems.items()
        if not any(other[: len(path)] == path and other != path for other in problems)
    ]


def find_booleans(section: type[BaseModel], tree: Any) -> list[Problem]:
    """Finds `true` and `false` where they are not allowed.

    pydantic converts them to 1 and 0: `epochs: yes`, which YAML reads as true, would be one epoch.
    """
    problems = []
    for path, value in _leaves(tree, ()):
        found, annotation, metadata = resolve(section, path, tree)
        if isinstance(value, bool) and found == path and annotation is not None:
            words = describe_type(annotation, metadata)
            if "true" not in words and words != "value":
                problems.append(Problem(format_path(path), _not_allowed(value, words)))
    return problems


def format_value(value: Any) -> str:
    """Formats a value as in the file, on one line of at most 60 characters."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = f'"{value}"'
    else:
        text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
        text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= _MAX_VALUE_LENGTH else text[: _MAX_VALUE_LENGTH - 3] + "..."


def report_lines(source: str, problems: Sequence[Problem]) -> Iterator[str]:
    """Formats all problems for a terminal, with a headline that counts them."""
    number = len(problems)
    yield f"{source} cannot be used: {number} problem{'s' * (number > 1)}"
    yield from problem_lines(problems)


def problem_lines(problems: Sequence[Problem]) -> Iterator[str]:
    """Formats each problem under its path, wrapped to the terminal."""
    width = min(shutil.get_terminal_size().columns, 100)
    for problem in problems:
        indent = "      " if problem.path else "  "
        if problem.path:
            yield f"\n  {problem.path}"
        yield textwrap.fill(
            problem.message,
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _problem(
    section: type[BaseModel],
    tree: Any,
    path: KeyPath,
    expected: tuple[Any, list[Any]],
    details: ErrorDetails,
) -> Problem:
    where = format_path(path)
    value = path[-1] if details["loc"][-1:] == (KEY,) else value_at(tree, path)
    match details["type"]:
        case "extra_forbidden":
            return Problem(where, _unknown_key(section, tree, path))
        case "missing":
            return Problem(where, _missing(section, tree, path, expected))
        case "value_error":
            return _validator_problem(section, tree, path, details)
    annotation, metadata = expected
    bare, _ = unwrap(annotation)
    if is_section(bare):
        words = f"a section with the keys {', '.join(keys(bare))}"
        example = _example(section, tree, path)
        more = f". Write for example {example}" if example else ""
        return Problem(where, _not_allowed(value, words) + more)
    return Problem(where, _not_allowed(value, describe_type(annotation, metadata)))


def _not_allowed(value: Any, words: str) -> str:
    message = f"received {format_value(value)}; allowed: {words}"
    if isinstance(value, str):
        options = words.replace(" or ", ", ").split(", ")
        close = difflib.get_close_matches(value.lower(), options, n=1)
        message += f". Did you mean {close[0]}?" if close else ""
    elif isinstance(value, dict) and words.startswith("list"):
        message += ". Write the entries of a list in brackets, or each on a line after a dash"
    elif words.startswith("text") and not isinstance(value, dict | list):
        message += ". Put it in quotes to make it text"
    return message


def _unknown_key(section: type[BaseModel], tree: Any, path: KeyPath) -> str:
    parent = section_at(section, path[:-1], tree) or section
    allowed = ", ".join(keys(parent))
    key = str(path[-1])
    if key in all_keys(section):
        return f"unknown key; dotted keys work only with --set. In a file, write {_nested(key)}"
    meant = suggest_key(section, path[:-1], key, keys(parent))
    if meant is None:
        return f"unknown key. Allowed here: {allowed}"
    in_list, entry, _ = meant.partition("[0]")
    where = f" In a file, write it in the entries of {in_list}." if entry else ""
    return f"unknown key. Did you mean {meant}?{where} Allowed here: {allowed}"


def _nested(dotted: str) -> str:
    *sections, key = dotted.split(".")
    return "".join(f"{name}: {{" for name in sections) + f"{key}: ..." + "}" * len(sections)


def _missing(
    section: type[BaseModel], tree: Any, path: KeyPath, expected: tuple[Any, list[Any]]
) -> str:
    if example := _example(section, tree, path):
        return f"is missing; write for example {example}"
    field = _field(section, tree, path)
    description = (field and field.description) or ""
    return f"is missing; allowed: {describe_type(*expected)}. {description}".strip()


def _example(section: type[BaseModel], tree: Any, path: KeyPath) -> str | None:
    """What to write for a setting, in backticks, if it has an example."""
    field = _field(section, tree, path)
    if field is None or not field.examples:
        return None
    return f"`{yaml.safe_dump({path[-1]: field.examples[0]}, default_flow_style=None).strip()}`"


def _field(section: type[BaseModel], tree: Any, path: KeyPath) -> FieldInfo | None:
    """The field of a setting; None for an entry of a list or of a dictionary."""
    parent = section_at(section, path[:-1], tree) or section
    fields = parent.model_fields.items()
    return next((field for name, field in fields if (field.alias or name) == path[-1]), None)


def _validator_problem(
    section: type[BaseModel], tree: Any, path: KeyPath, details: ErrorDetails
) -> Problem:
    """A validator's own message, and its path if the message starts with one: `alpha: too wide`."""
    error = details["ctx"]["error"]
    message = str(error)
    prefix, separator, rest = message.partition(": ")
    first = prefix.split(".")[0]
    parent = section_at(section, path, tree)
    if separator and parent is not None and first in keys(parent):
        path, message = (*path, *prefix.split(".")), rest
    value = value_at(tree, path)
    if value is not None and not isinstance(error, SecretValueError):
        mark = ";" if message.startswith("allowed:") else ":"
        message = f"received {format_value(value)}{mark} {message}"
    return Problem(format_path(path), message)


def _is_other_branch(annotation: Any, tree: Any, path: KeyPath) -> bool:
    """Whether the value is a section and this error is from another branch of the union."""
    bare, _ = unwrap(annotation)
    members = [unwrap(member)[0] for member in bare.__args__] if is_union(bare) else []
    if len([member for member in members if member is not type(None)]) < 2:
        return False  # `Section | None` has one branch only.
    return isinstance(value_at(tree, path), dict) and any(map(is_section, members))


def _leaves(tree: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not isinstance(tree, dict | list):
        yield path, tree
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from _leaves(value, (*path, key))
