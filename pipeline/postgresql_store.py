"""ML Metadata in PostgreSQL, with texts that hold a backslash.

MLMD's PostgreSQL source quotes a text twice: libpq's literal begins with an E of its own where the
text holds a backslash (PQescapeLiteral), and the statement around it has its quotes already. So
each such text is a syntax error: JSON within JSON, as the Trainer's configuration is, or a label
with an umlaut, which json.dumps escapes. What is stored holds another character in its place.
"""

from typing import Any

import ml_metadata as mlmd
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_BACKSLASH = "\\"
# Of the private use area of Unicode, which nobody's texts should hold.
_STAND_IN = "\ue05c"


class PostgreSQLStore(mlmd.MetadataStore):
    """A store that takes every text."""

    def _call(self, method_name: str, request: Message, response: Message) -> Any:
        replace_text(request, _BACKSLASH, _STAND_IN)
        result = super()._call(method_name, request, response)
        replace_text(response, _STAND_IN, _BACKSLASH)
        return result


def replace_text(message: Message, old: str, new: str) -> None:
    """Replaces something in every text of a message, and of the messages in it.

    Args:
        message: Any message; changed in place.
        old: What is replaced.
        new: What takes its place.
    """
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _replace_in_map(field, value, old, new)
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            for index, item in enumerate(value):
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    replace_text(item, old, new)
                elif isinstance(item, str) and old in item:
                    value[index] = item.replace(old, new)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            replace_text(value, old, new)
        elif isinstance(value, str) and old in value:
            setattr(message, field.name, value.replace(old, new))


def _replace_in_map(field: FieldDescriptor, values: Any, old: str, new: str) -> None:
    """Replaces in a map's values; its keys are names of properties, which our code gives."""
    is_message = field.message_type.fields_by_name["value"].type == FieldDescriptor.TYPE_MESSAGE
    for key in values:
        if is_message:
            replace_text(values[key], old, new)
        elif isinstance(values[key], str) and old in values[key]:
            values[key] = values[key].replace(old, new)
