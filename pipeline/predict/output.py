"""Predictions as lines for a person, as CSV (RFC 4180) and as JSON lines."""

import csv
import io
import json
import os
from typing import Any, Literal

from components.example_gen.sources.source import readable
from pipeline.predict.prediction import Prediction

Style = Literal["text", "csv", "json"]


def header(style: Style, top: int) -> str:
    """What comes before the first prediction, line end included; empty but for CSV.

    Args:
        style: As what the predictions are written.
        top: How many classes an image gets.
    """
    return _csv_row(["path", *_class_columns(top), "error"]) if style == "csv" else ""


def line(prediction: Prediction, style: Style, top: int) -> str:
    """Writes one prediction, line end included.

    Args:
        prediction: Any, also one with an error.
        style: As what.
        top: How many classes an image gets.

    Returns:
        One line; of CSV it may hold quoted line ends, for a file's name may.
    """
    if style == "json":
        return json.dumps(record(prediction, top)) + "\n"
    if style == "csv":
        return _csv_row(_csv_fields(prediction, top))
    return f"{readable(prediction.path)}: {_words(prediction)}\n"


def record(prediction: Prediction, top: int) -> dict[str, Any]:
    """A prediction as JSON has it: the same keys for every file.

    Args:
        prediction: Any.
        top: How many classes an image gets; above 1 there is a list of them, `top`.
    """
    likeliest = prediction.classes[0] if prediction.classes else None
    fields: dict[str, Any] = {
        "path": written_path(prediction.path),
        "label": likeliest.label if likeliest else None,
        "score": likeliest.score if likeliest else None,
    }
    if top > 1:
        fields["top"] = [one._asdict() for one in prediction.classes]
    return {**fields, "error": prediction.error}


def written_path(path: str) -> str:
    r"""A path as valid UTF-8: bytes of its name that are none become `\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _words(prediction: Prediction) -> str:
    if prediction.error is not None:
        return prediction.error
    return ", ".join(f"{one.label} {100 * one.score:.1f} %" for one in prediction.classes)


def _class_columns(top: int) -> list[str]:
    more = (f"{name}_{rank}" for rank in range(2, top + 1) for name in ("label", "score"))
    return ["label", "score", *more]


def _csv_fields(prediction: Prediction, top: int) -> list[str]:
    classes = [field for one in prediction.classes for field in (one.label, str(one.score))]
    padding = [""] * (2 * top - len(classes))
    return [written_path(prediction.path), *classes, *padding, prediction.error or ""]


def _csv_row(fields: list[str]) -> str:
    row = io.StringIO()
    # The module's own line end is that of RFC 4180, CR LF.
    csv.writer(row).writerow(fields)
    return row.getvalue()
