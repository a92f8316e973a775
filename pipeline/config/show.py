"""The effective configuration as YAML, with every default and the description of every setting."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml_reader import write_yaml

_INDENT = "  "


def config_text(config: PipelineConfig) -> str:
    """Formats a configuration as YAML that loads to the same, with descriptions as comments."""
    sections = [
        "\n".join(_field_lines(name, field.description, getattr(config, name), ""))
        for name, field in PipelineConfig.model_fields.items()
    ]
    return "\n\n".join(sections) + "\n"


def _field_lines(key: str, description: str | None, value: Any, indent: str) -> Iterator[str]:
    if description:
        yield f"{indent}# {' '.join(description.split())}"
    if isinstance(value, BaseModel):
        yield f"{indent}{key}:"
        yield from _section_lines(value, indent + _INDENT)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        yield f"{indent}{key}:"
        for item in value:
            yield from _item_lines(item, indent + _INDENT)
    elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
        yield f"{indent}{key}:"
        for name, item in value.items():
            yield from _field_lines(name, None, item, indent + _INDENT)
    else:
        plain = list(value) if isinstance(value, tuple) else value
        yield f"{indent}{key}: {write_yaml(plain)}"


def _section_lines(section: BaseModel, indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        key = field.alias or name
        yield from _field_lines(key, field.description, getattr(section, name), indent)


def _item_lines(section: BaseModel, indent: str) -> Iterator[str]:
    """The lines of a list entry: a dash alone, so that the first key can have a comment too."""
    yield f"{indent}-"
    yield from _section_lines(section, indent + _INDENT)
