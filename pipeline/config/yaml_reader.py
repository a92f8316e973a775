"""Reads and writes the YAML of configuration files: YAML 1.1 without its surprises.

PyYAML reads `1e-4` as text, because YAML 1.1 requires `1.0e-4`; `0012` as octal, 10; `1:30` as
minutes and seconds, 90; `2026-11-30` as a date; and it keeps the last of duplicate keys. Here
`1e-4` is a number, `0012` is 12, the others are text, in files, in `--set` and in the output of
`show-config`, and a duplicate key is an error.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.config.errors import ConfigError, Problem
from pipeline.config.key_path import KeyPath, format_path

MAX_VALUES = 100_000
"""Values of a file, those that aliases repeat included: a weight for each of 20,000 classes fits.

A few hundred bytes of aliases of aliases expand to billions ("billion laughs").
"""

_FLOAT = re.compile(
    r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$"
    r"|\.(nan|NaN|NAN)$"
)
_INT = re.compile(r"[-+]?([0-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)$")
_TAG = "tag:yaml.org,2002:"
_DIGITS = list("-+.0123456789")
# `=` is a type of its own in YAML 1.1, which PyYAML cannot construct.
_REPLACED = {f"{_TAG}{name}" for name in ("int", "float", "timestamp", "value")}


class _Loader(yaml.SafeLoader):
    """Reads numbers as people write them."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Reads a whole number; a leading zero is not octal."""
        text = str(self.construct_scalar(node)).replace("_", "")
        return int(text, 0) if "x" in text or "b" in text else int(text)


class _Dumper(yaml.SafeDumper):
    """Quotes strings that `_Loader`, or YAML 1.1, would read as something else."""


_Loader.add_constructor(f"{_TAG}int", _Loader.construct_yaml_int)
for _resolver in (_Loader, _Dumper):
    # The first that fits wins: a whole number is not a float.
    _resolver.add_implicit_resolver(f"{_TAG}int", _INT, _DIGITS)
    _resolver.add_implicit_resolver(f"{_TAG}float", _FLOAT, _DIGITS)


def read_yaml(text: str) -> Any:
    """Parses the text of a configuration file into plain data.

    Raises:
        ConfigError: It is not valid YAML, has duplicate or non-text keys, contains itself, or is
            too large.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        problems: list[Problem] = []
        _check(node, (), (), problems, itertools.count(1))
        if problems:
            raise ConfigError(problems)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        words = ", ".join(filter(None, (error.context, error.problem)))
        raise ConfigError([Problem(where, f"this is not valid YAML: {words}")]) from None
    except RecursionError:
        raise ConfigError([Problem("", "this is nested too deeply")]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([Problem("", f"this is not valid YAML: {error}")]) from None


def write_yaml(value: Any) -> str:
    """Formats a value on one line that `read_yaml` parses to the same value."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        width=10_000,
        allow_unicode=True,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _check(
    node: yaml.Node,
    path: KeyPath,
    above: tuple[yaml.Node, ...],
    problems: list[Problem],
    counter: Iterator[int],
) -> None:
    if next(counter) > MAX_VALUES:
        message = f"has more than {MAX_VALUES:,} values; each *alias counts as all that it repeats"
        raise ConfigError([Problem("", message)])
    line = node.start_mark.line + 1
    if node in above:
        problems.append(Problem(format_path(path), f"line {line}: contains itself"))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _check(item, (*path, index), (*above, node), problems, counter)
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node, path, problems)
        for key, value in node.value:
            _check(value, (*path, _key_text(key)), (*above, node), problems, counter)


def _key_text(key: yaml.Node) -> str:
    """The text of a key; of a list or mapping as key, which is an error, what it is."""
    # Python would write such a key with all that its aliases repeat.
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "(list or mapping)"


def _check_keys(node: yaml.MappingNode, path: KeyPath, problems: list[Problem]) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        where = format_path((*path, _key_text(key)))
        if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
            where = format_path(path)
            problems.append(Problem(where, f"line {line}: keys must be text"))
        elif key.value in lines:
            message = f"duplicate key, in lines {lines[key.value]} and {line}; keep one"
            problems.append(Problem(where, message))
        else:
            lines[key.value] = line
