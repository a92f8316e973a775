"""The configuration reference in the README, made from the settings themselves.

python -m pipeline.config.reference            writes it into README.md
python -m pipeline.config.reference --check    exits 1 if README.md does not hold it as it is now
"""

from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from pipeline.config.describe_types import field_words, inner_sections
from pipeline.config.schema import PipelineConfig
from pipeline.config.yaml_reader import write_yaml

BEGIN = "<!-- configuration reference: begin -->"
END = "<!-- configuration reference: end -->"

Section = tuple[str, type[BaseModel]]


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the file is up to date.")
@click.argument("readme", type=click.Path(path_type=Path), default=Path("README.md"))
def main(check: bool, readme: Path) -> None:
    """Write the configuration reference into README, between its two markers."""
    try:
        text = readme.read_text(encoding="utf-8")
        updated = insert_reference(text)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{readme}: {error}") from None
    if check and updated != text:
        raise click.ClickException(
            f"{readme} is out of date; run python -m pipeline.config.reference"
        )
    if not check:
        readme.write_text(updated, encoding="utf-8")


def insert_reference(text: str) -> str:
    """Puts the reference into a text.

    Args:
        text: Markdown with both markers in it.

    Returns:
        The text with what was between the markers replaced.

    Raises:
        ValueError: It does not hold each marker once, in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the markers {BEGIN} and {END} are not in it")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def reference() -> str:
    """Every section and key of the configuration, as Markdown."""
    paths: dict[type[BaseModel], str] = {}
    for path, section in _sections("", PipelineConfig):
        paths.setdefault(section, path)
    return "\n".join(line for section, path in paths.items() for line in _table(path, section))


def _sections(path: str, section: type[BaseModel]) -> Iterator[Section]:
    """Every section below one, each before those inside it."""
    for name, field in section.model_fields.items():
        for inner, step in inner_sections(field.annotation):
            inner_path = f"{path}{field.alias or name}{step}"
            yield inner_path, inner
            yield from _sections(f"{inner_path}.", inner)


def _table(path: str, section: type[BaseModel]) -> Iterator[str]:
    yield f"#### `{path}`"
    yield ""
    yield _one_line(section.__doc__ or "")
    yield ""
    yield "| key | allowed | default | what it is |"
    yield "|---|---|---|---|"
    for name, field in section.model_fields.items():
        cells = (
            f"`{field.alias or name}`",
            _allowed(field),
            _default(field),
            _one_line(field.description or ""),
        )
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def _allowed(field: FieldInfo) -> str:
    words = field_words(field)
    sections = list(inner_sections(field.annotation))
    return "section, see below" if sections and words.startswith("{") else words


def _default(field: FieldInfo) -> str:
    default = field.get_default()
    if field.is_required() or default is PydanticUndefined:
        return "**required**"
    if default is None:
        return "empty"
    if isinstance(default, BaseModel):
        return "its defaults"
    plain = to_jsonable_python(default, by_alias=True)
    if isinstance(plain, list) and plain and isinstance(plain[0], dict):
        return ", ".join(f"`{item['name']}`" for item in plain)
    return f"`{write_yaml(plain)}`"


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
