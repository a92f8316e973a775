r"""Names and messages that a terminal, a page or a JSON file can show.

A file may be called anything: bytes that are not UTF-8, which Python reads as lone surrogates and
which no encoder takes, or escape sequences that a terminal obeys. Everything that shows a name
makes it printable; what opens a file keeps the name as it is.
"""

import re
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAYBE_UNPRINTABLE = re.compile(r"[^ -~]")
_SEPARATORS = frozenset(("Zl", "Zp"))


def printable(name: str) -> str:
    r"""Escapes what a terminal obeys instead of showing it, on one line.

    Those are control characters, line ends included, marks that reverse the direction of text,
    and bytes that are not UTF-8: `\x1b`, `\n`, `\u202e`, `\xff`. All spaces stay.
    """
    return name if name.isprintable() else _MAYBE_UNPRINTABLE.sub(_escape, name)


def printable_text(text: str) -> str:
    """Escapes as `printable` does, in a message of several lines; its line ends stay."""
    return "\n".join(map(printable, text.split("\n")))


def encodable(text: str) -> str:
    r"""Escapes what UTF-8 cannot encode; all else stays exact. Invalid bytes become `\xff`."""
    return _SURROGATE.sub(_escape_surrogate, text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    category = unicodedata.category(char)
    if category == "Cs":
        return _escape_surrogate(match)
    is_shown = category[0] != "C" and category not in _SEPARATORS
    return char if is_shown else char.encode("unicode_escape").decode()


def _escape_surrogate(match: re.Match[str]) -> str:
    code = ord(match[0])
    # PEP 383: os.fsdecode reads the invalid byte 0xNN as U+DCNN.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
