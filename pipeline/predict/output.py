"""Formats predictions as text, CSV (RFC 4180) or JSON lines."""

import csv
import io
import json
import os
from typing import Any, Literal

from components.example_gen.sources.listing import readable
from pipeline.predict.prediction import Prediction

Style = Literal["text", "csv", "json"]


def header(style: Style, top: int) -> str:
    """The text before the first prediction, line end included; empty except for CSV.

    Args:
        style: The output format.
        top: Number of classes per image.
    """
    return _csv_row(["path", *_class_columns(top), "error"]) if style == "csv" else ""


def line(prediction: Prediction, style: Style, top: int) -> str:
    """Formats one prediction, line end included.

    Args:
        prediction: The prediction, or its error.
        style: The output format.
        top: Number of classes per image.

    Returns:
        One line; in CSV it may contain quoted line ends, as file names may.
    """
    if style == "json":
        return json.dumps(record(prediction, top)) + "\n"
    if style == "csv":
        return _csv_row(_csv_fields(prediction, top))
    return f"{readable(prediction.path)}: {_format_text(prediction)}\n"


def record(prediction: Prediction, top: int) -> dict[str, Any]:
    """A prediction as a JSON object, with the same keys for every file.

    Args:
        prediction: The prediction, or its error.
        top: Number of classes per image; above 1, the key `top` lists them.
    """
    best = prediction.classes[0] if prediction.classes else None
    fields: dict[str, Any] = {
        "path": utf8_path(prediction.path),
        "label": best.label if best else None,
        "score": best.score if best else None,
    }
    if top > 1:
        fields["top"] = [one._asdict() for one in prediction.classes]
    return {**fields, "error": prediction.error}


def utf8_path(path: str) -> str:
    r"""A path as valid UTF-8; invalid bytes are written as `\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _format_text(prediction: Prediction) -> str:
    if prediction.error is not None:
        return prediction.error
    return ", ".join(f"{one.label} {100 * one.score:.1f} %" for one in prediction.classes)


def _class_columns(top: int) -> list[str]:
    more = (f"{name}_{rank}" for rank in range(2, top + 1) for name in ("label", "score"))
    return ["label", "score", *more]


def _csv_fields(prediction: Prediction, top: int) -> list[str]:
    classes = [field for one in prediction.classes for field in (one.label, str(one.score))]
    padding = [""] * (2 * top - len(classes))
    return [utf8_path(prediction.path), *classes, *padding, prediction.error or ""]


def _csv_row(fields: list[str]) -> str:
    row = io.StringIO()
    # The csv module's default line end is CR LF, as in RFC 4180.
    csv.writer(row).writerow(fields)
    return row.getvalue()
