"""Predictions as text, CSV and JSON lines, parsed by strict readers."""

import csv
import io
import json
import os
import sys

import pytest

from pipeline.predict.output import Style, header, line
from pipeline.predict.prediction import Prediction, Scored
from pipeline.predict.printing import _write

CATS = Prediction("a,b.png", (Scored("cats", 0.9), Scored("dogs", 0.1)))
BAD = Prediction('new\nline "x".png', (), "undecodable: cut, short")


def test_csv_follows_rfc_4180() -> None:
    text = header("csv", 1) + line(CATS._replace(classes=CATS.classes[:1]), "csv", 1)
    assert text == 'path,label,score,error\r\n"a,b.png",cats,0.9,\r\n'
    bad = line(BAD, "csv", 1)
    assert bad == '"new\nline ""x"".png",,,"undecodable: cut, short"\r\n'


def test_csv_has_the_same_columns_in_every_row() -> None:
    text = header("csv", 3) + line(CATS, "csv", 3) + line(BAD, "csv", 3)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows == [
        ["path", "label", "score", "label_2", "score_2", "label_3", "score_3", "error"],
        ["a,b.png", "cats", "0.9", "dogs", "0.1", "", "", ""],
        ['new\nline "x".png', "", "", "", "", "", "", "undecodable: cut, short"],
    ]


def test_json_has_the_same_keys_in_every_line() -> None:
    assert json.loads(line(CATS, "json", 2)) == {
        "path": "a,b.png",
        "label": "cats",
        "score": 0.9,
        "top": [{"label": "cats", "score": 0.9}, {"label": "dogs", "score": 0.1}],
        "error": None,
    }
    assert line(BAD, "json", 2).count("\n") == 1
    assert json.loads(line(BAD, "json", 1)) == {
        "path": 'new\nline "x".png',
        "label": None,
        "score": None,
        "error": "undecodable: cut, short",
    }
    assert header("json", 1) == ""


def test_text_has_a_line_for_each_file() -> None:
    assert line(CATS, "text", 2) == "a,b.png: cats 90.0 %, dogs 10.0 %\n"
    assert line(BAD, "text", 1) == 'new\\nline "x".png: undecodable: cut, short\n'


def test_names_that_are_not_utf8_can_be_written() -> None:
    odd = Prediction(os.fsdecode(b"\xff\xc3\xa4.png"), (), "x")
    for style in ("text", "csv", "json"):
        assert line(odd, style, 1).encode("utf-8")
    assert json.loads(line(odd, "json", 1))["path"] == "\\xffä.png"


def test_text_does_not_reach_the_terminal_raw() -> None:
    hostile = Prediction("\x1b]0;a\x07.png", (Scored("cats\x1b[2J", 0.9),))
    assert line(hostile, "text", 1) == "\\x1b]0;a\\x07.png: cats\\x1b[2J 90.0 %\n"


@pytest.mark.parametrize("style", ["csv", "json"])
def test_machine_formats_keep_names_exact(style: Style) -> None:
    text = line(Prediction("\x1b[2J\u202fa.png", (Scored("b", 1.0),)), style, 1)
    row = next(csv.reader([text])) if style == "csv" else list(json.loads(text).values())
    assert row[:2] == ["\x1b[2J\u202fa.png", "b"]


@pytest.mark.parametrize("start", "=+-@\t")
def test_no_cell_is_a_formula(start: str) -> None:
    formula = f"{start}HYPERLINK(0)"
    row = line(Prediction(formula, (Scored(formula, 0.9), Scored("-1", 0.1))), "csv", 2)
    assert row == f"./{formula},'{formula},0.9,-1,0.1,\r\n"


def test_csv_on_a_terminal_is_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        _write(line(Prediction("\x1b[2J.png", (Scored("b", 1.0),)), "csv", 1))
        assert b"\\x1b[2J.png,b,1.0,\r" in os.read(ours, 1000)
    os.close(ours)
