"""Corrected labels (`data.corrections`): before the split, images are relabelled or dropped.

The file is `suspect_labels.csv` as the Trainer writes it, with its last column filled in; or any
CSV file with the columns `action`, `path` or `sha256`, and `suggested_label`.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from components import storage
from components.example_gen.inspection import Checked
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import clean_label
from components.example_gen.suspect_labels import ACTION, read_rows
from components.images.check import Accepted, Rejected
from components.printable import printable

DROPPED = "dropped"
"""The reason for which a dropped image is in quarantine."""

_NEW_LABEL = "suggested_label"
_KEYS = ("sha256", "path")
_ACTIONS = ("relabel", "drop", "keep", "")
_HINT = (
    "Correct the file: column action has relabel (to the label in suggested_label), drop, or "
    "nothing; sha256 or path says of which image."
)


class Correction(NamedTuple):
    """What to do with an image."""

    label: str | None
    """Its label; None drops it."""
    row: int
    """The row of the file that says so, from 2 on: the header is the first."""


def read_corrections(path: str) -> dict[str, Correction]:
    """Reads them by SHA-256 or, where a row has none, by path.

    Raises:
        IngestError: The file cannot be read, or rows of it are wrong; it lists them.
    """
    try:
        text = _read(path).decode()
    except UnicodeDecodeError as error:
        raise IngestError(f"data.corrections: {path} is not UTF-8: {error}.", _HINT) from None
    try:
        rows = list(read_rows(text))
    except csv.Error as error:
        raise IngestError(f"data.corrections: {path} is not CSV: {error}.", _HINT) from None
    corrections: dict[str, Correction] = {}
    faults = []
    for number, row in enumerate(rows, start=2):
        fault = _find_fault(row)
        key = row.get("sha256", "").strip().lower() or row.get("path", "")
        if not fault and (action := row[ACTION].strip().lower()) in ("relabel", "drop"):
            label = clean_label(row[_NEW_LABEL]) if action == "relabel" else None
            new = Correction(label, number)
            if corrections.setdefault(key, new).label != new.label:
                fault = f"differs from row {corrections[key].row}, which names the same image"
        faults += [f"row {number} {fault}"] if fault else []
    _raise_if_any(faults, path)
    return corrections


def correct(
    images: Iterable[Checked], corrections: Mapping[str, Correction], path: str
) -> tuple[list[Checked], dict[str, int]]:
    """Applies them to every image that is accepted.

    Args:
        images: Every image that was found.
        corrections: As `read_corrections` returns them.
        path: The file, for messages.

    Returns:
        The images, a dropped one rejected as `DROPPED`; and the numbers `relabelled`, `dropped`
        and, of corrections for which there is no image, `unmatched`.

    Raises:
        IngestError: A new label is not one of the data's.
    """
    images = list(images)
    classes = sorted({image.label for image in images if isinstance(image.verdict, Accepted)})
    new_labels = [each for each in corrections.values() if each.label is not None]
    _raise_if_any(
        [
            f"row {each.row} relabels to {printable(str(each.label))!r}, which no image has; "
            f"the classes are {_list(classes)}"
            for each in new_labels
            if each.label not in classes
        ],
        path,
    )
    # Copies with other metadata have another digest, and are the same image.
    of_pixels = {
        image.pixels: correction
        for image in images
        if image.pixels and (correction := corrections.get(image.sha256))
    }
    corrected = [_correct(image, _find(image, corrections, of_pixels)) for image in images]
    changes = Counter(
        "dropped" if new.label == old.label else "relabelled"
        for old, new in zip(images, corrected, strict=True)
        if new is not old
    )
    matched = {key for image in images for key in (image.sha256, image.found.name)}
    unmatched = len(corrections.keys() - matched)
    numbers = {name: changes[name] for name in ("relabelled", "dropped")}
    return corrected, {**numbers, "unmatched": unmatched}


def _find(
    image: Checked, corrections: Mapping[str, Correction], of_pixels: Mapping[str, Correction]
) -> Correction | None:
    own = corrections.get(image.sha256) or corrections.get(image.found.name)
    return own or of_pixels.get(image.pixels)


def _correct(image: Checked, correction: Correction | None) -> Checked:
    if correction is None or not isinstance(image.verdict, Accepted):
        return image
    if correction.label is None:
        detail = f"by row {correction.row} of data.corrections"
        return replace(image, verdict=Rejected(DROPPED, detail))
    return image if correction.label == image.label else replace(image, label=correction.label)


def _find_fault(row: Mapping[str, str]) -> str:
    if ACTION not in row or not any(name in row for name in _KEYS):
        return "lacks the columns action, and path or sha256"
    action = row[ACTION].strip().lower()
    if action not in _ACTIONS:
        return f"has the action {printable(row[ACTION])!r}"
    if action in ("relabel", "drop") and not any(row.get(name) for name in _KEYS):
        return "names no image"
    if action == "relabel" and not row.get(_NEW_LABEL, "").strip():
        return "relabels to nothing: suggested_label is empty"
    return ""


def _read(path: str) -> bytes:
    try:
        return storage.read_bytes(path)
    except OSError as error:
        raise IngestError(
            f"data.corrections: cannot read {path}: {error.strerror or error}.",
            "Name a CSV file that exists, or remove the setting.",
        ) from error


def _raise_if_any(faults: Sequence[str], path: str) -> None:
    if faults:
        more = [f"and {len(faults) - 10} more rows"] if len(faults) > 10 else []
        lines = "\n".join(f"  {fault}" for fault in [*faults[:10], *more])
        raise IngestError(f"data.corrections: {path} cannot be used:\n{lines}", _HINT)


def _list(names: Sequence[str], most: int = 10) -> str:
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(printable, names[:most]), *more])
