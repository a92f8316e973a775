"""Which folder `{SPAN}` stands for."""

from pathlib import Path

import pytest

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.spans import Span, resolve_span


@pytest.fixture
def spans(tmp_path: Path) -> Path:
    for name in ("week-8", "week-09", "week-10-raw", "week-010", "week-x"):
        (tmp_path / name / "images").mkdir(parents=True)
    (tmp_path / "week-99").touch()
    return tmp_path


def test_newest_is_the_highest_number(spans: Path) -> None:
    assert resolve_span(f"{spans}/week-{{SPAN}}", None) == Span(f"{spans}/week-010", 10)


def test_named_span_with_leading_zeros(spans: Path) -> None:
    assert resolve_span(f"{spans}/week-{{SPAN}}", 9) == Span(f"{spans}/week-09", 9)


def test_text_behind_the_number(spans: Path) -> None:
    assert resolve_span(f"{spans}/week-{{SPAN}}-raw", None).number == 10
    below = resolve_span(f"{spans}/week-{{SPAN}}/images", 8)
    assert below.path == f"{spans}/week-8/images"


def test_no_placeholder(spans: Path) -> None:
    assert resolve_span(str(spans), None) == Span(str(spans), None)


def test_no_span_at_all(spans: Path) -> None:
    with pytest.raises(IngestError) as error:
        resolve_span(f"{spans}/day-{{SPAN}}", None)
    assert str(error.value) == (
        f"no folder matches {spans}/day-{{SPAN}}; {{SPAN}} stands for a number.\n"
        "Name the folder of the first data day-1, of the next day-2."
    )


def test_no_such_span(spans: Path) -> None:
    with pytest.raises(IngestError) as error:
        resolve_span(f"{spans}/week-{{SPAN}}", 7)
    assert str(error.value) == (
        f"there is no span 7 of {spans}/week-{{SPAN}}.\nThere are: 8, 9, 10."
    )
