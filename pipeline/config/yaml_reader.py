"""The YAML of configuration files: YAML 1.1 without its surprises.

PyYAML reads `1e-4` as text, because YAML 1.1 wants `1.0e-4`, and of two equal keys it keeps the
last. Here `1e-4` is a number, in files, in `--set` and in what `show-config` writes, and a key that
stands twice is an error.
"""

import re
from typing import Any

import yaml

from pipeline.config.errors import ConfigError, Problem
from pipeline.config.key_path import KeyPath, path_text

_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.inf$|^\.nan$")
_FLOAT_TAG = "tag:yaml.org,2002:float"


class _Loader(yaml.SafeLoader):
    """Reads `1e-4` as a number."""


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that `_Loader` would read as numbers."""


for _resolver in (_Loader, _Dumper):
    # Last in the line: what YAML 1.1 knows as a whole number stays one.
    _resolver.add_implicit_resolver(_FLOAT_TAG, _FLOAT, list("-+.0123456789"))


def read_yaml(text: str) -> Any:
    """Reads a configuration file's text.

    Args:
        text: YAML.

    Returns:
        Plain data.

    Raises:
        ConfigError: It is no YAML, a key stands twice or is no text, or something contains itself.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        problems: list[Problem] = []
        _check(node, (), (), problems)
        if problems:
            raise ConfigError(problems)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        words = ", ".join(filter(None, (error.context, error.problem)))
        raise ConfigError([Problem(where, f"this is not valid YAML: {words}")]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError([Problem("", f"this is not valid YAML: {error}")]) from None


def write_yaml(value: Any) -> str:
    """Writes one value on one line, so that `read_yaml` gives it back."""
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
    node: yaml.Node, path: KeyPath, above: tuple[yaml.Node, ...], problems: list[Problem]
) -> None:
    line = node.start_mark.line + 1
    if node in above:
        problems.append(Problem(path_text(path), f"line {line}: contains itself"))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _check(item, (*path, index), (*above, node), problems)
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node, path, problems)
        for key, value in node.value:
            _check(value, (*path, str(key.value)), (*above, node), problems)


def _check_keys(node: yaml.MappingNode, path: KeyPath, problems: list[Problem]) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        where = path_text((*path, str(key.value)))
        if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
            where = path_text(path)
            problems.append(Problem(where, f"line {line}: keys are text; this one is not"))
        elif key.value in lines:
            message = f"stands twice, in lines {lines[key.value]} and {line}; keep one"
            problems.append(Problem(where, message))
        else:
            lines[key.value] = line
