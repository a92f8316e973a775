"""Describes the type of a setting in English: `number above 0 and up to 1`.

One place turns the settings' type annotations into text, so that error messages and the reference
in docs/configuration.md say the same thing in the same words.
"""

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import Doc

_SCALARS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def describe_field(field: FieldInfo) -> str:
    """Describes what a field of a section allows: `whole number of at least 1, or empty`."""
    return describe_type(field.annotation, field.metadata)


def describe_type(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Describes, in a noun phrase, the values that a type with pydantic's constraints allows.

    A `typing_extensions.Doc` among the metadata replaces the generated text: settings use it to
    explain a pattern, or what a text refers to.
    """
    annotation, metadata = unwrap(annotation, metadata)
    for item in metadata:
        if isinstance(item, Doc):
            return item.documentation
    if is_union(annotation):
        return _describe_union(get_args(annotation))
    if get_origin(annotation) is Literal:
        return _enumerate([str(value) for value in get_args(annotation)])
    if get_origin(annotation) in (tuple, list):
        return _describe_list(get_args(annotation)[0], metadata)
    if is_section(annotation):
        return "{" + ", ".join(f"{key}: ..." for key in keys(annotation)) + "}"
    return f"{_SCALARS.get(annotation, 'value')} {_bounds(metadata)}".strip()


def unwrap(annotation: Any, metadata: Iterable[Any] = ()) -> tuple[Any, list[Any]]:
    """Removes `Annotated` from a type; returns it and all of its metadata, as a flat list."""
    flat = list(metadata)
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        flat += more
    constraints = [
        part for item in flat for part in (item.metadata if isinstance(item, FieldInfo) else [item])
    ]
    return annotation, constraints


def is_union(annotation: Any) -> bool:
    """Whether a type is `A | B` or `Union[A, B]`."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_section(annotation: Any) -> bool:
    """Whether a type is a section of the configuration, with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def inner_sections(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """The sections inside a type, each with the path to it: nothing, `[]` or `.NAME`."""
    bare, _ = unwrap(annotation)
    if is_section(bare):
        yield bare, ""
    step = {tuple: "[]", list: "[]", dict: ".NAME"}.get(get_origin(bare), "")
    for argument in get_args(bare):
        yield from ((inner, step + nested) for inner, nested in inner_sections(argument))


def keys(section: type[BaseModel]) -> list[str]:
    """The keys of a section as written in the file."""
    return [field.alias or name for name, field in section.model_fields.items()]


def _describe_union(members: tuple[Any, ...]) -> str:
    words = [describe_type(member) for member in members if member is not type(None)]
    if type(None) in members:
        words.append("empty")
    if len(words) == 2 and words[0] in _SCALARS.values():
        return f"{words[0]} or {words[1]}"
    return ", ".join(words[:-1]) + f", or {words[-1]}"


def _describe_list(item: Any, metadata: Iterable[Any]) -> str:
    bare, _ = unwrap(item)
    contents = "sections" if is_section(bare) else f"{describe_type(item)} entries"
    least = [part.min_length for part in metadata if isinstance(part, annotated_types.MinLen)]
    return f"list of {contents}" + (f", at least {least[0]}" if least else "")


def _bounds(metadata: Iterable[Any]) -> str:
    bounds = {
        name: f"{bound:g}" if isinstance(bound, float) else str(bound)
        for part in metadata
        for name in ("gt", "ge", "lt", "le")
        if (bound := getattr(part, name, None)) is not None
    }
    match bounds:
        case {"ge": low, "le": high}:
            return f"from {low} to {high}"
        case {"ge": low, "lt": high}:
            return f"from {low} to below {high}"
        case {"gt": low, "le": high}:
            return f"above {low} and up to {high}"
        case {"gt": low, "lt": high}:
            return f"above {low} and below {high}"
        case {"ge": low}:
            return f"of at least {low}"
        case {"gt": low}:
            return f"above {low}"
    return ""


def _enumerate(values: list[str]) -> str:
    return values[0] if len(values) == 1 else ", ".join(values[:-1]) + f" or {values[-1]}"
