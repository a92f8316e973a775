"""Which folder `{SPAN}` stands for."""

import datetime
from pathlib import Path

import pytest

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.spans import Span, parse_span, resolve_span


@pytest.fixture
def spans(tmp_path: Path) -> Path:
    for name in ("week-8", "week-09", "week-10-raw", "week-010", "week-x"):
        (tmp_path / name / "images").mkdir(parents=True)
        (tmp_path / name / "images" / "1.jpg").touch()
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
        f"no folder matches {spans}/day-{{SPAN}}; {{SPAN}} stands for a number or a date.\n"
        "Name the folder of the first data day-1, of the next day-2; or day-2026-11-30."
    )


def test_no_such_span(spans: Path) -> None:
    with pytest.raises(IngestError) as error:
        resolve_span(f"{spans}/week-{{SPAN}}", 7)
    assert str(error.value) == (
        f"there is no span 7 of {spans}/week-{{SPAN}}.\nThere are: 8, 9, 10."
    )


def write(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_dates(tmp_path: Path) -> None:
    for name in ("2026-11-30", "20261201", "2026-9-1", "latest"):
        write(tmp_path / name, "a/1.jpg")
    path = f"{tmp_path}/{{SPAN}}"
    assert resolve_span(path, None) == Span(f"{tmp_path}/20261201", 20261201)
    assert resolve_span(path, 20261130) == Span(f"{tmp_path}/2026-11-30", 20261130)


@pytest.mark.parametrize("names", [("8", "08"), ("2026-11-30", "20261130")])
def test_two_folders_of_one_span_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        write(tmp_path / name, "a/1.jpg")
    with pytest.raises(IngestError, match=f"{min(names)} and {max(names)} are both span"):
        resolve_span(f"{tmp_path}/{{SPAN}}", None)


@pytest.mark.parametrize("value", [12, "12", "0012"])
def test_leading_zeros_of_a_setting_do_not_matter(value: object) -> None:
    assert parse_span(value) == 12


@pytest.mark.parametrize("value", ["2026-11-30", "20261130", datetime.date(2026, 11, 30)])
def test_dates_of_a_setting(value: object) -> None:
    assert int(parse_span(value)) == 20261130  # type: ignore[call-overload]


def test_spans_without_the_marker_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "1", "a/1.jpg", "_SUCCESS")
    write(tmp_path / "2", "a/1.jpg")
    write(tmp_path / "3", "a/1.jpg", "a/_SUCCESS")
    path = f"{tmp_path}/{{SPAN}}"
    passed_over = ("span 3 has no _SUCCESS", "span 2 has no _SUCCESS")
    assert resolve_span(path, None, "_SUCCESS") == Span(f"{tmp_path}/1", 1, passed_over)
    with pytest.raises(
        IngestError, match=r"^span 2 \(.*/2\) has no _SUCCESS\.\nIt is not complete"
    ):
        resolve_span(path, 2, "_SUCCESS")
    with pytest.raises(
        IngestError, match=r"can be used: span 3 has no DONE, .*, span 1 has no DONE"
    ):
        resolve_span(path, None, "DONE")


@pytest.mark.parametrize("below", ["", "/", "/images", "/list/manifest.csv"])
@pytest.mark.parametrize("there_is", [(), ("a/.DS_Store", "Thumbs.db"), ("_SUCCESS",)])
def test_an_empty_newest_span(tmp_path: Path, below: str, there_is: tuple[str, ...]) -> None:
    write(
        tmp_path / "1", "_SUCCESS", (below.strip("/") or "a") + ("" if "." in below else "/1.jpg")
    )
    write(tmp_path / "2", "_SUCCESS", *there_is)
    (tmp_path / "2" / "images" / "a").mkdir(parents=True)
    path = f"{tmp_path}/{{SPAN}}{below}"
    with pytest.raises(IngestError, match=r"^span 2 \(.*/2\) has no files\.\nWait until"):
        resolve_span(path, None, "_SUCCESS")
    span = resolve_span(path, None, "_SUCCESS", "skip")
    assert span == Span(f"{tmp_path}/1{below}", 1, ("span 2 has no files",))
    with pytest.raises(IngestError, match="span 2 .* has no files"):
        resolve_span(path, 2, "_SUCCESS", "skip")
