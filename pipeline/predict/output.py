"""Formats predictions as text, CSV (RFC 4180) or JSON lines.

Text is for people: names in it are made printable. JSON keeps them exact, except for bytes that are
not UTF-8. CSV does, too, and spreadsheets open it: no cell of it is a formula.
"""

import csv
import io
import json
import re
from typing import Any, Literal

from components.printable import encodable, printable
from pipeline.predict.prediction import Prediction

Style = Literal["text", "csv", "json"]

# What spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def header(style: Style, top: int) -> str:
    """The text before the first prediction, line end included; empty except for CSV."""
    return _csv_row(["path", *_class_columns(top), "error"]) if style == "csv" else ""


def line(prediction: Prediction, style: Style, top: int) -> str:
    """Formats one prediction, line end included; in CSV, file names may have others, quoted."""
    if style == "json":
        return json.dumps(record(prediction, top)) + "\n"
    if style == "csv":
        return _csv_row(_csv_fields(prediction, top))
    return printable(f"{prediction.path}: {_format_text(prediction)}") + "\n"


def record(prediction: Prediction, top: int) -> dict[str, Any]:
    """A prediction as a JSON object, with the same keys for every file.

    With `top` above 1, the key `top` lists so many classes.
    """
    best = prediction.classes[0] if prediction.classes else None
    fields: dict[str, Any] = {
        "path": encodable(prediction.path),
        "label": best.label if best else None,
        "score": best.score if best else None,
    }
    if top > 1:
        fields["top"] = [one._asdict() for one in prediction.classes]
    return {**fields, "error": encodable(prediction.error) if prediction.error else None}


def _format_text(prediction: Prediction) -> str:
    if prediction.error is not None:
        return prediction.error
    return ", ".join(f"{one.label} {100 * one.score:.1f} %" for one in prediction.classes)


def _class_columns(top: int) -> list[str]:
    more = (f"{name}_{rank}" for rank in range(2, top + 1) for name in ("label", "score"))
    return ["label", "score", *more]


def _csv_fields(prediction: Prediction, top: int) -> list[str]:
    classes = [
        field for one in prediction.classes for field in (_csv_text(one.label), str(one.score))
    ]
    padding = [""] * (2 * top - len(classes))
    return [_csv_path(prediction.path), *classes, *padding, _csv_text(prediction.error or "")]


def _csv_path(path: str) -> str:
    """A path that is not a formula and names the same file: `./=1+1.png`."""
    return encodable(f"./{path}" if _FORMULA.match(path) else path)


def _csv_text(text: str) -> str:
    """A text that is not a formula; `-1`, a number, is not one."""
    is_formula = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return encodable(f"'{text}" if is_formula else text)


def _csv_row(fields: list[str]) -> str:
    row = io.StringIO()
    # The csv module's default line end is CR LF, as in RFC 4180.
    csv.writer(row).writerow(fields)
    return row.getvalue()
