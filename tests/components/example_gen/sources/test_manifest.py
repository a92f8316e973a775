"""What a manifest may look like, and what is said of one that is wrong."""

import codecs
import os
from pathlib import Path

import pytest

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.manifest import Row, read_manifest


def write(folder: Path, name: str, contents: str | bytes) -> str:
    path = folder / name
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return str(path)


CSV = 'path,label,split\na.jpg,cat,train\n"b ""x"",1.jpg",dog,\n\nc.jpg,kÄtze,test\n'
JSON = r"""{"path": "a.jpg", "label": "cat", "split": "train"}
{"label": "dog", "path": "b \"x\",1.jpg"}

{"split": "test", "path": "c.jpg", "label": "k\u00c4tze"}
"""
ROWS = [
    Row(2, "a.jpg", "cat", "train"),
    Row(3, 'b "x",1.jpg', "dog", None),
    Row(5, "c.jpg", "kÄtze", "test"),
]


@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_of_every_kind(tmp_path: Path, bom: bytes, line_end: str) -> None:
    text = CSV.replace("\n", line_end)
    assert read_manifest(write(tmp_path, "m.csv", bom + text.encode())) == ROWS
    assert read_manifest(write(tmp_path, "m.CSV", bom + text.rstrip().encode())) == ROWS


@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_json_lines_of_every_kind(tmp_path: Path, bom: bytes, line_end: str) -> None:
    contents = bom + JSON.replace("\n", line_end).encode()
    rows = [row._replace(line=row.line - 1) for row in ROWS]
    assert read_manifest(write(tmp_path, "m.jsonl", contents)) == rows


def test_columns_in_another_order_and_numbers_as_labels(tmp_path: Path) -> None:
    csv = write(tmp_path, "m.csv", "label,path\n3,a.jpg\n")
    assert read_manifest(csv) == [Row(2, "a.jpg", "3", None)]
    json = write(tmp_path, "m.jsonl", '{"path": "a.jpg", "label": 3, "split": null}')
    assert read_manifest(json) == [Row(1, "a.jpg", "3", None)]


def test_line_numbers_behind_a_quoted_line_end(tmp_path: Path) -> None:
    path = write(tmp_path, "m.csv", 'path,label\n"a\nb.jpg",cat\nc.jpg,dog\n')
    assert read_manifest(path) == [Row(2, "a\nb.jpg", "cat", None), Row(4, "c.jpg", "dog", None)]


def test_a_line_separator_within_json(tmp_path: Path) -> None:
    path = write(tmp_path, "m.jsonl", '{"path": "a\u2028.jpg", "label": "cat"}\n')
    assert read_manifest(path) == [Row(1, "a\u2028.jpg", "cat", None)]


def test_a_duplicate_row(tmp_path: Path) -> None:
    path = write(tmp_path, "m.csv", "path,label\na.jpg,cat\na.jpg,cat\n")
    assert [row.line for row in read_manifest(path)] == [2, 3]


HEAD = "path,label,split\n"
GOOD = '{"path": "a", "label": "b"}\n'


@pytest.mark.parametrize(
    ("name", "contents", "problem"),
    [
        (
            "m.csv",
            "path;label\na;b\n",
            "line 1 of {} has no path and no label; it has: path;label.",
        ),
        ("m.csv", "\npath,split\n", "line 2 of {} has no label; it has: path, split."),
        ("m.csv", "path,label,image/w\n", "line 1 of {} has the fields path, label, image/w; al"),
        ("m.csv", "path,label,\n", "line 1 of {} has the fields path, label, ; allowed are path"),
        ("m.csv", "path,path,label\n", "line 1 of {} has the fields path, path, label; allowed"),
        ("m.csv", HEAD + "a,b\n", "line 2 of {} has 2 fields, and the header 3."),
        ("m.csv", HEAD + "a,b,c,d\n", "line 2 of {} has 4 fields, and the header 3."),
        ("m.csv", HEAD + "a,,c\n", "line 2 of {} has '' as label, which is empty or not printable"),
        ("m.csv", HEAD + "a,a\tb,c\n", r"line 2 of {} has 'a\tb' as label, which is empty or not "),
        ("m.csv", HEAD + ",b,c\n", "line 2 of {} has '' as path."),
        ("m.csv", HEAD + 'a,b,c\n"a,b,c\n\n', "line 3 of {} is not CSV: unexpected end of data."),
        ("m.csv", HEAD + '"a"x,b,c\n', "line 2 of {} is not CSV: ',' expected after '\"'."),
        ("m.csv", HEAD + "a\0,b,c\n", "line 2 of {} is not CSV: line contains NUL."),
        ("m.csv", HEAD.encode() + b"a,caf\xe9,c\n", "line 2 of {} is not UTF-8."),
        ("m.csv", (HEAD + "a,b,c\n").encode("utf-16"), "line 1 of {} is not UTF-8."),
        (
            "m.csv",
            HEAD + "a,cat,\nb,cat,\na,dog,\n",
            "line 4 of {} gives a the label 'dog', and line 2 gives it 'cat'.",
        ),
        (
            "m.csv",
            HEAD + "a,cat,train\na,cat,\n",
            "line 3 of {} gives a the split None, and line 2 gives it 'train'.",
        ),
        ("m.csv", "", "{} lists no images."),
        ("m.csv", HEAD, "{} lists no images."),
        ("m.jsonl", "\n", "{} lists no images."),
        ("m.jsonl", GOOD + "{'path'}\n", "line 2 of {} is not JSON: Expecting property name"),
        ("m.jsonl", GOOD + "[" * 100_000, "line 2 of {} is not JSON: maximum recursion depth"),
        ("m.jsonl", '["a", "b"]\n', "line 1 of {} is not a JSON object."),
        ("m.jsonl", '{"path": "a"}\n', "line 1 of {} has no label; it has: path."),
        ("m.jsonl", "{}\n", "line 1 of {} has no path and no label; it has: nothing."),
        ("m.jsonl", '{"path": "a", "label": "b", "w": [1]}', "line 1 of {} has [1] as w, which is"),
        (
            "m.csv",
            "path,label,w\na,cat,1\na,cat,2\n",
            "line 3 of {} gives a the columns {'w': '2'}, and line 2 gives it {'w': '1'}.",
        ),
        ("m.jsonl", '{"path": 1, "label": "b"}', "line 1 of {} has 1 as path."),
        ("m.jsonl", r'{"path": "\u0000", "label": "b"}', r"line 1 of {} has '\x00' as path."),
        ("m.jsonl", r'{"path": "\ud800", "label": "b"}', r"line 1 of {} has '\ud800' as path."),
        ("m.jsonl", '{"path": "a", "label": true}', "line 1 of {} has True as label, which is"),
        ("m.jsonl", '{"path": "a", "label": null}', "line 1 of {} has None as label, which is"),
        ("m.jsonl", '{"path": "a", "label": "b", "split": ""}', "line 1 of {} has '' as split, "),
        ("m.jsonl", '{"path": "a", "label": "b", "split": 2}', "line 1 of {} has 2 as split, "),
    ],
)
def test_mistakes_name_their_line(
    tmp_path: Path, name: str, contents: str | bytes, problem: str
) -> None:
    path = write(tmp_path, name, contents)
    with pytest.raises(IngestError) as error:
        read_manifest(path)
    assert error.value.message.startswith(problem.replace("{}", path))
    assert error.value.hint is not None
    assert "path,label,split" in error.value.hint or "UTF-8" in error.value.hint


def test_a_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"cannot read the manifest .*m.csv: No such file"):
        read_manifest(str(tmp_path / "m.csv"))
    with pytest.raises(
        IngestError, match=r"is a folder, not a regular file.\nCheck data.path: it names the mani"
    ):
        read_manifest(str(tmp_path))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(IngestError, match=r"cannot read the manifest .*m.csv: is a named pipe"):
        read_manifest(str(tmp_path / "m.csv"))


def test_other_columns_have_a_type(tmp_path: Path) -> None:
    csv = write(tmp_path, "m.csv", "path,label,patient,age,mm\na,cat,007,61,1\nb,dog,12,,2.5e-1\n")
    expected = [{"patient": "007", "age": 61, "mm": 1.0}, {"patient": "12", "mm": 0.25}]
    assert [row.columns for row in read_manifest(csv)] == expected
    lines = (
        '{"path": "a", "label": "cat", "patient": "007", "age": 61, "mm": 1}\n'
        '{"path": "b", "label": "dog", "patient": 12, "age": null, "mm": 0.25, "left": true}\n'
    )
    json = write(tmp_path, "m.jsonl", lines)
    expected[1]["left"] = "true"
    assert [row.columns for row in read_manifest(json)] == expected
