"""`models`: the versions of a workspace's models, their accuracy, and which one is released."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from components import storage
from components.artifacts import EXTRAS_FOLDER, MODEL_CARD_FILE
from components.errors import UserError
from components.format import share
from components.printable import printable
from components.pusher.version import Version, find_damage
from components.pusher.versions import list_versions
from pipeline.console.table import print_table
from pipeline.workspace.registry import ServedModel, choose_model, find_models

_CARD_FILE = f"{EXTRAS_FOLDER}/{MODEL_CARD_FILE}"


@dataclass(frozen=True)
class Row:
    """A version in the table.

    Attributes:
        model: The model's name.
        version: The version's number.
        path: Its folder, a path or a URL.
        state: `in service`; `withdrawn` by a rollback; `damaged`; or empty for older ones.
        test_accuracy: Accuracy on the test split of the run that pushed it, 0 to 1, if known.
        test_examples: Number of images in the test split, if known.
        pushed: When it was pushed, in UTC, as ISO 8601, if known.
        run_id: The run that pushed its model, if known.
        model_uri: URI of its Model artifact, if known.
        copy_of: Number of the version that a rollback copied, if it is a copy.
        note: Further remarks, in English.
    """

    model: str
    version: int
    path: str
    state: str
    test_accuracy: float | None
    test_examples: int | None
    pushed: str | None
    run_id: str | None
    model_uri: str | None
    copy_of: int | None
    note: str


def show_models(workspace: Path, model: str | None, *, as_json: bool) -> None:
    """Prints the versions of a workspace's models, or of one, newest first.

    As JSON they are a list of `Row`s.

    Raises:
        UserError: There is no such model, no model at all, or a folder cannot be read.
    """
    choose_model(workspace, model) if model else None
    found = find_models(workspace)
    rows = [row for name in sorted(found) if model in (None, name) for row in _rows(found[name])]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    elif not rows:
        raise UserError(
            f"no version of {model or 'any model'} has been pushed from {workspace} yet",
            "Run the pipeline; a model that passes the gate becomes a version.",
        )
    else:
        _print_table(rows, sys.stdout)


def _rows(model: ServedModel) -> Iterator[Row]:
    try:
        versions = list_versions(model.folder)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{model.folder} cannot be read: {reason}") from error
    in_service = next((version for version in versions if version.is_loadable), None)
    for version in versions:
        yield _row(model.name, version, in_service)


def _row(model: str, version: Version, in_service: Version | None) -> Row:
    details = version.details
    damage = find_damage(version)
    test, card_problem = _read_test(version)
    withdrawn = in_service.withdrawn_models if in_service else ()
    is_in_service = in_service is not None and version.number == in_service.number
    state = "damaged" if damage else ""
    if any(map(version.recorded_model.is_same, withdrawn)):
        state = state or "withdrawn"
    copy_of = details.copy_of if details else None
    notes = [damage or card_problem, f"copy of {copy_of}" if copy_of is not None else None]
    return Row(
        model=model,
        version=version.number,
        path=version.address,
        state="in service" if is_in_service else state,
        test_accuracy=_number(test.get("test_accuracy")),
        test_examples=test["test_examples"] if isinstance(test.get("test_examples"), int) else None,
        pushed=details.pushed if details else None,
        run_id=details.run_id if details else None,
        model_uri=version.origin,
        copy_of=copy_of,
        note="; ".join(note for note in notes if note),
    )


def _read_test(version: Version) -> tuple[dict[str, Any], str | None]:
    """The test metrics of the model card, or why there are none."""
    if version.problem:
        return {}, None
    if version.details is None:
        return {}, "has no origin.json: not pushed by this pipeline"
    try:
        card = json.loads(storage.read_bytes(storage.join(version.address, _CARD_FILE)))
        test = card["test"] or {}
        return (test, None) if isinstance(test, dict) else ({}, "model card is damaged")
    except OSError:
        return {}, "has no model card"
    except (ValueError, KeyError, TypeError):
        return {}, "model card is damaged"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


_HEADINGS = ("model", "version", "state", "test accuracy", "pushed (UTC)", "run", "note")
_STYLES = {"in service": "green", "damaged": "red", "withdrawn": "yellow"}


def _cells(row: Row) -> tuple[str, ...]:
    test_text = "-" if row.test_accuracy is None else share(row.test_accuracy)
    if row.test_accuracy is not None and row.test_examples is not None:
        test_text += f" on {row.test_examples:,}"
    # JSON keeps the word that programs know.
    state = "released" if row.state == "in service" else row.state
    pushed = row.pushed[:16].replace("T", " ") if row.pushed else "-"
    return (
        row.model, str(row.version), state, test_text, pushed, row.run_id or "-", row.note,
    )  # fmt: skip


def _print_table(rows: Sequence[Row], stream: TextIO) -> None:
    if not stream.isatty():
        print_table(_HEADINGS, [*map(_cells, rows)], [None] * len(rows), stream)
        return
    for model in dict.fromkeys(row.model for row in rows):
        # The model is a heading instead of a column: terminals are narrow.
        print(f"\x1b[1m{printable(model)}\x1b[0m", file=stream)
        of_model = [row for row in rows if row.model == model]
        columns = slice(1, None if any(row.note for row in of_model) else -1)
        cells = [_cells(row)[columns] for row in of_model]
        styles = [_STYLES.get(row.state) for row in of_model]
        print_table(_HEADINGS[columns], cells, styles, stream, wraps=("run", "note"))
