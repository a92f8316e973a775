"""The outputs that `serving_default` must return, see trainer/export.py."""

from collections.abc import Sequence

import numpy as np

Outputs = dict[str, np.ndarray]
"""Outputs of one call; texts are arrays of dtype object."""

OUTPUTS = {"scores": "float32", "classes": "string", "label": "string", "valid": "bool"}
_SUM_TOLERANCE = 1e-3
"""Tolerance of the sum of probabilities: a float32 softmax over 1,000 classes is off by less than
1e-5, one in 16 bits by more."""


def find_problem(outputs: Outputs, rows: int, classes: Sequence[str] | None) -> str | None:
    """The first violation of the contract by one call's outputs, or None."""
    return _wrong_types(outputs) or _wrong_shapes(outputs, rows) or _wrong_values(outputs, classes)


def _wrong_types(outputs: Outputs) -> str | None:
    for name, dtype in OUTPUTS.items():
        if name not in outputs:
            return f"serving_default has no output {name!r}"
        actual = "string" if outputs[name].dtype == object else str(outputs[name].dtype)
        if actual != dtype:
            return f"output {name!r} is of type {actual}, not {dtype}"
    return None


def _wrong_shapes(outputs: Outputs, rows: int) -> str | None:
    shape = outputs["scores"].shape
    if len(shape) != 2 or shape[0] != rows:
        return f"output 'scores' has the shape {list(shape)}, not [{rows}, classes]"
    for name, expected in {"classes": shape, "label": (rows,), "valid": (rows,)}.items():
        if outputs[name].shape != expected:
            return (
                f"output {name!r} has the shape {list(outputs[name].shape)}, not {list(expected)}"
            )
    return None


def _wrong_values(outputs: Outputs, classes: Sequence[str] | None) -> str | None:
    valid = outputs["valid"]
    scores, names = outputs["scores"][valid], outputs["classes"][valid]
    if classes is not None and any(tuple(row) != tuple(classes) for row in names):
        return "its classes or their order differ from the Trainer's"
    if not np.isfinite(scores).all():
        return "some scores are not finite"
    if np.any(np.abs(scores.sum(axis=-1) - 1) > _SUM_TOLERANCE):
        return "the scores of an image do not add up to 1"
    if len(scores):
        best = names[np.arange(len(scores)), scores.argmax(axis=-1)]
        if np.any(outputs["label"][valid] != best):
            return "a label is not the class of the highest score"
    return None


def is_same(one: Outputs, other: Outputs) -> bool:
    """Whether two outputs are equal bit for bit."""
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype
        and array.shape == other[name].shape
        # Numbers are compared by their bits, so that NaN equals NaN.
        and array.tolist() == other[name].tolist()
        if array.dtype == object
        else array.tobytes() == other[name].tobytes()
        for name, array in one.items()
    )
