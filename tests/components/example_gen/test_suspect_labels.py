"""The table of suspect labels survives being written, opened in a spreadsheet and read."""

from components.example_gen.suspect_labels import (
    SuspectLabel,
    format_suspects,
    parse_suspects,
    read_rows,
)

ROSE = SuspectLabel('roses/a, "b".jpg', "ab" * 32, "train", "roses", "daisy", 0.0123)


def test_what_is_written_is_read_back() -> None:
    formula = SuspectLabel("=1+1.png", "cd" * 32, "test", "-", "@b", 0.25)
    assert parse_suspects(format_suspects([ROSE, formula])) == [ROSE, formula]


def test_no_cell_is_a_formula() -> None:
    text = format_suspects([SuspectLabel("=1+1.png", "", "train", "+a", "@b", 0.5)])
    assert "'=1+1.png,,train,'+a,'@b,0.5000," in text


def test_a_name_that_is_not_utf_8_can_be_written() -> None:
    text = format_suspects([SuspectLabel("a\udcff.png", "", "train", "a", "b", 0.5)])
    assert "a\\xff.png" in text


def test_a_table_that_a_spreadsheet_saved_is_read() -> None:
    saved = "\ufeffpath;action\r\nroses/1.jpg;drop\r\nroses/2.jpg\r\n"
    assert list(read_rows(saved)) == [
        {"path": "roses/1.jpg", "action": "drop"},
        {"path": "roses/2.jpg", "action": ""},
    ]
