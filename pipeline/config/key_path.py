"""Paths to values in the configuration: `trainer.stages[1].epochs`."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from pipeline.config.describe_types import is_section, is_union, unwrap

KeyPath = tuple[str | int, ...]
"""Keys and list indices that lead from the top of the file to a value."""

KEY = "[key]"
"""pydantic's last location step for an error in a dictionary's key instead of its value."""

_STEP = re.compile(r"\[(?P<index>-?\d+)\]|\.?(?P<key>[^.\[\]]+)")


def format_path(path: KeyPath) -> str:
    """Formats a path: `trainer.stages[1].epochs`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse_path(text: str) -> KeyPath:
    """Parses a path of a `--set` option; a list index may be `stages[1]` or `stages.1`.

    Raises:
        ValueError: The text is not a path.
    """
    path: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise ValueError(f"{text!r} is not a path such as trainer.stages[1].epochs")
        is_index = step["index"] is not None or (bool(path) and step["key"].isdigit())
        path.append(int(step["index"] or step["key"]) if is_index else step["key"])
        position = step.end()
    if not path or not isinstance(path[0], str):
        raise ValueError(f"{text!r} is not a path such as trainer.stages[1].epochs")
    return tuple(path)


def value_at(tree: Any, path: KeyPath) -> Any:
    """The value at a path, or None if there is none."""
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and isinstance(step, int) and -len(tree) <= step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def default_at(section: type[BaseModel], path: KeyPath) -> Any:
    """The default of the setting at a path, as plain data, or None without one."""
    for position, step in enumerate(path):
        field = _field(section, step)
        if field is None or field.is_required():
            return None
        if position == len(path) - 1:
            return to_jsonable_python(field.get_default(), by_alias=True)
        inner, _ = unwrap(field.annotation)
        if not is_section(inner):
            return None
        section = inner
    return None


def resolve(section: type[BaseModel], loc: KeyPath, tree: Any) -> tuple[KeyPath, Any, list[Any]]:
    """Follows a pydantic error location through the models to the place in the file.

    pydantic's locations include the names of union branches (`splits.test.Carve.fraction`,
    `splits.test.constrained-float`), which are not in the file. If the branch is a section and the
    file has a section there, the path continues into it; otherwise it ends there.

    Args:
        section: The model that was validated.
        loc: A location from a pydantic error.
        tree: The data that was validated.

    Returns:
        The path in the file, the type expected there (None for an unknown key), its metadata.
    """
    annotation: Any = section
    metadata: list[Any] = []
    path: list[str | int] = []
    dictionary: Any = None
    for step in loc:
        if step == KEY and dictionary is not None:
            return tuple(path), *unwrap(dictionary.__args__[0])
        annotation, metadata = unwrap(annotation, metadata)
        members = [unwrap(member)[0] for member in _members(annotation)]
        if len(members) == 1:
            annotation = members[0]
        elif members:
            branch = next((m for m in members if is_section(m) and m.__name__ == step), None)
            if branch is None or not isinstance(value_at(tree, tuple(path)), dict):
                break
            annotation, metadata = branch, []
            continue
        path.append(step)
        dictionary = annotation if getattr(annotation, "__origin__", None) is dict else None
        if is_section(annotation):
            field = _field(annotation, step)
            if field is None:
                return tuple(path), None, []
            annotation, metadata = field.annotation, list(field.metadata)
        else:
            annotation, metadata = _item(annotation), []
    return tuple(path), annotation, metadata


def section_at(section: type[BaseModel], path: KeyPath, tree: Any) -> type[BaseModel] | None:
    """The section at a path, also inside `Section | None` and other unions."""
    _, annotation, _ = resolve(section, path, tree)
    candidates = [unwrap(annotation)[0], *(unwrap(m)[0] for m in _members(annotation))]
    return next((candidate for candidate in candidates if is_section(candidate)), None)


def _members(annotation: Any) -> list[Any]:
    if not is_union(annotation):
        return []
    return [member for member in annotation.__args__ if member is not type(None)]


def _item(annotation: Any) -> Any:
    arguments = getattr(annotation, "__args__", ())
    position = 1 if getattr(annotation, "__origin__", None) is dict else 0
    return arguments[position] if arguments else None


def _name(section: type[BaseModel], key: str | int) -> str:
    fields = section.model_fields.items()
    return next((name for name, field in fields if (field.alias or name) == key), str(key))


def _field(section: type[BaseModel], key: str | int) -> FieldInfo | None:
    return section.model_fields.get(_name(section, key))
