r"""Names of every kind, on a terminal and in UTF-8."""

import os

import pytest

from components.errors import UserError
from components.printable import encodable, printable, printable_text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cats/naïve 猫.png", "cats/naïve 猫.png"),
        ("at 9.41\u202fAM\u3000.png", "at 9.41\u202fAM\u3000.png"),
        ("\x1b]0;owned\x07\x9b2J\x7f", r"\x1b]0;owned\x07\x9b2J\x7f"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("gnp.\u202eexe\u2028", r"gnp.\u202eexe\u2028"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
    ],
)
def test_printable(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert shown.encode("utf-8")


def test_messages_keep_their_lines() -> None:
    assert printable_text("one\n  \x1b[2J\r") == "one\n  \\x1b[2J\\r"


def test_encodable_changes_only_what_utf8_cannot_encode() -> None:
    assert encodable("\x1b\n猫" + os.fsdecode(b"\xff")) == "\x1b\n猫\\xff"


def test_errors_and_hints_are_printable() -> None:
    error = UserError(f"no {os.fsdecode(bytes([0xFF]))}\n  \x1b[2J", "There is: \x1b[2J")
    assert error.message == "no \\xff\n  \\x1b[2J"
    assert error.hint == "There is: \\x1b[2J"
    assert str(error).isascii() and "\x1b" not in str(error)
