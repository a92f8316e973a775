r"""MLMD over PostgreSQL, for values with a backslash in them.

MLMD 1.16 takes PostgreSQL's own quoting apart by cutting off the first and the last character
(`PQescapeLiteral` puts ` E'...'` around a text with a backslash, `'...'` around any other). Such a
text ends up outside of its quotes: a syntax error at best, a statement of its author at worst. JSON
in JSON, as in a Trainer's parameters, is full of backslashes. Here none gets to MLMD.
"""

from collections.abc import Callable
from typing import Any

import ml_metadata as mlmd
from google.protobuf.message import Message

from components.errors import UserError


class ExactStore(mlmd.MetadataStore):
    """A metadata store that does not take one name for another.

    MySQL and MariaDB compare texts without regard to case unless they are told otherwise, and ML
    Metadata's own service, as KFP brings it, keeps all in MySQL. Two models `Pets` and `pets` would
    have one history: each is measured against the other. Only contexts are asked for by name.
    """

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        super()._call(method_name, request, response, extra_options)
        if method_name != "GetContextByTypeAndName":
            return
        asked, found = request.context_name, response.context.name
        if found not in ("", asked):
            raise UserError(
                f"the metadata's database takes {asked} for {found}, which it has already",
                "Choose another name or another database, or have one made that tells such names "
                "apart: CREATE DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_bin.",
            )


# Two characters stand for a backslash, and two for the first of them; it is one of Unicode's
# private use area, which no text has by chance.
_MARK = "\ue05c"


class PostgreSQLStore(ExactStore):
    """A metadata store that hides backslashes from MLMD; who uses the store sees them."""

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        if b"\\" in request.SerializeToString():
            _change_texts(request, hide_backslashes)
        super()._call(method_name, request, response, extra_options)
        if _MARK.encode() in response.SerializeToString():
            _change_texts(response, show_backslashes)


def hide_backslashes(text: str) -> str:
    """The text as it is stored."""
    return text.replace(_MARK, f"{_MARK}1").replace("\\", f"{_MARK}0")


def show_backslashes(text: str) -> str:
    """The text that was stored."""
    return text.replace(f"{_MARK}0", "\\").replace(f"{_MARK}1", _MARK)


def _change_texts(message: Message, change: Callable[[str], str]) -> None:
    """Changes every text in a message; the keys of maps are names, and stay."""
    for field, value in message.ListFields():
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            kind = entry.fields_by_name["value"]
            for key in list(value):
                if kind.message_type is not None:
                    _change_texts(value[key], change)
                elif kind.type == kind.TYPE_STRING:
                    value[key] = change(value[key])
        elif entry is not None:
            for part in value if field.label == field.LABEL_REPEATED else [value]:
                _change_texts(part, change)
        elif field.type == field.TYPE_STRING:
            if field.label == field.LABEL_REPEATED:
                value[:] = [change(text) for text in value]
            else:
                setattr(message, field.name, change(value))
