"""Reads files that name numbered classes, as the tools around TensorFlow write them."""

import re
from collections.abc import Iterator

from google.protobuf.text_encoding import CUnescape

from components import storage
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import is_label

_NUMBERED = re.compile(r"(\d+)\s*[:\s]\s*(.*\S)")
_LABEL_MAP_TOKEN = re.compile(
    r"""\#.* | (?P<item>item\s*\{) |
        (?P<field>\w+)\s*:\s*(?: (?P<number>\d+) | "(?P<double>(?:[^"\\\n]|\\.)*)"
                               | '(?P<single>(?:[^'\\\n]|\\.)*)' )""",
    re.VERBOSE,
)
_HINT = (
    "It has one name a line (the first is of class 0), lines such as `0:daisy`, or is a label map "
    "of the Object Detection API (.pbtxt)."
)


def read_label_file(path: str) -> dict[int, str]:
    """Maps the numbers of classes to their names.

    Args:
        path: A `.pbtxt` label map of the Object Detection API; or a text file whose lines are all
            `NUMBER:NAME` (TF-Slim) or `NUMBER NAME`, or else names, from class 0 on (TFDS, TF Hub).

    Raises:
        IngestError: If it cannot be read, has no class names, or one that cannot be a label.
    """
    try:
        text = storage.read_bytes(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IngestError(
            f"cannot read data.tfrecord.label_file {path}: {reason}.", _HINT
        ) from error
    pairs = list(_label_map(text) if path.endswith(".pbtxt") else _lines(text))
    names = dict(pairs)
    if not names:
        raise IngestError(f"data.tfrecord.label_file {path} contains no class names.", _HINT)
    wrong = [name for name in names.values() if not is_label(name)]
    if wrong:
        raise IngestError(f"{path} has names that cannot be labels: {wrong[:10]}.", _HINT)
    if len(names) < len(pairs) or len(set(names.values())) < len(names):
        raise IngestError(
            f"{path} has a duplicate number or name.", "Each class needs a name of its own."
        )
    return names


def _lines(text: str) -> Iterator[tuple[int, str]]:
    lines = [line.strip() for line in text.rstrip().splitlines()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    for number, (line, match) in enumerate(zip(lines, numbered, strict=True)):
        yield (int(match[1]), match[2]) if match and all(numbered) else (number, line)


def _label_map(text: str) -> Iterator[tuple[int, str]]:
    """Takes `id` and `display_name`, or else `name`, of each item of a StringIntLabelMap."""
    items: list[dict[str, str]] = []
    for token in _LABEL_MAP_TOKEN.finditer(text):
        if token["item"]:
            items.append({})
        elif token["field"] and items:
            quoted = token["double"] if token["double"] is not None else token["single"]
            value = token["number"] if quoted is None else CUnescape(quoted).decode("utf-8")
            items[-1].setdefault(token["field"], value)
    for item in items:
        if "id" in item:
            yield int(item["id"]), item.get("display_name") or item.get("name") or ""
