r"""MLMD's stores, without two bugs of MLMD 1.16 that would mix up or corrupt what is stored.

MySQL and MariaDB compare texts without regard to case by default, and ML Metadata's own service, as
KFP deploys it, stores everything in MySQL: the models `Pets` and `pets` would share one history,
and each would be compared with the other.

PostgreSQL: MLMD removes the quotes that `PQescapeLiteral` adds by dropping the first and the last
character. A text without a backslash is quoted as `'...'`, one with a backslash as ` E'...'`, so
that it ends up outside its quotes: a syntax error at best, SQL injection at worst. JSON in JSON, as
in a Trainer's parameters, is full of backslashes.
"""

from collections.abc import Callable
from typing import Any

import ml_metadata as mlmd
from google.protobuf.message import Message

from components.errors import UserError


class CaseSensitiveStore(mlmd.MetadataStore):
    """A metadata store that refuses a context whose name differs in case from the requested one.

    Contexts are all that is looked up by name.
    """

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        super()._call(method_name, request, response, extra_options)
        if method_name != "GetContextByTypeAndName":
            return
        requested, found = request.context_name, response.context.name
        if found not in ("", requested):
            raise UserError(
                f"the metadata's database does not distinguish {requested} from {found}, which "
                "exists already",
                "Choose another name or another database, or create one whose names are case "
                "sensitive: CREATE DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_bin.",
            )


# A backslash is stored as two characters, and so is the first of them, a character of Unicode's
# private use area, which texts hardly ever contain.
_MARK = "\ue05c"


class PostgreSQLStore(CaseSensitiveStore):
    """A metadata store that encodes backslashes for MLMD, and decodes what it reads."""

    def _call(
        self, method_name: str, request: Message, response: Message, extra_options: Any = None
    ) -> None:
        if b"\\" in request.SerializeToString():
            _change_texts(request, _encode_backslashes)
        super()._call(method_name, request, response, extra_options)
        if _MARK.encode() in response.SerializeToString():
            _change_texts(response, _decode_backslashes)


def _encode_backslashes(text: str) -> str:
    return text.replace(_MARK, f"{_MARK}1").replace("\\", f"{_MARK}0")


def _decode_backslashes(text: str) -> str:
    return text.replace(f"{_MARK}0", "\\").replace(f"{_MARK}1", _MARK)


def _change_texts(message: Message, change: Callable[[str], str]) -> None:
    """Changes every text in a message in place, but not the keys of maps, which are names."""
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
