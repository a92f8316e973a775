"""Which models a workspace has, and where their versions and their lineage are."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import UserError
from components.ingest import storage


@dataclass(frozen=True)
class ServedModel:
    """A model that was pushed from a workspace.

    Attributes:
        name: Its name.
        folder: Folder of its versions, a path or a URL.
        metadata: SQLite file of TFX's metadata.
    """

    name: str
    folder: str
    metadata: Path


def find_models(workspace: Path) -> dict[str, ServedModel]:
    """Every model of a workspace by name: of its runs, newest first, and what lies in `serving/`.

    Args:
        workspace: The workspace.
    """
    workspace = workspace.absolute()
    models: dict[str, ServedModel] = {}
    for path in sorted(workspace.glob("runs/*/config.json"), reverse=True):
        if model := _of_run(path, workspace):
            models.setdefault(model.name, model)
    for folder in sorted(workspace.glob("serving/*")):
        if folder.is_dir() and not folder.name.startswith("."):
            metadata = workspace / "metadata.sqlite"
            models.setdefault(folder.name, ServedModel(folder.name, str(folder), metadata))
    return models


def choose_model(workspace: Path, name: str | None) -> ServedModel:
    """The named model, or the only one.

    Raises:
        UserError: There is none, or it is not clear which one.
    """
    models = find_models(workspace)
    if not models:
        raise UserError(f"{workspace} has no model", "Give the workspace of a run.")
    there = ", ".join(sorted(models))
    if name is None and len(models) > 1:
        raise UserError(
            f"{workspace} has {len(models)} models: {there}", "Choose one with --model."
        )
    if name is not None and name not in models:
        raise UserError(f"{workspace} has no model {name}; it has {there}")
    return models[name] if name is not None else next(iter(models.values()))


def _of_run(config: Path, workspace: Path) -> ServedModel | None:
    """The model of one run, or None where its `config.json` cannot be read."""
    try:
        tree: Any = json.loads(config.read_text(encoding="utf-8"))
        push, metadata = tree["push"], tree.get("metadata") or {}
        name = str(push["model_name"])
        folder = _absolute(push, "folder") or str(workspace / "serving" / name)
        path = _absolute(metadata, "path") or str(workspace / "metadata.sqlite")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return ServedModel(name, folder, Path(path))


def _absolute(section: Mapping[str, Any], key: str) -> str | None:
    """A path as a run takes it: from the folder where the command is started."""
    given = section.get(key)
    if not given:
        return None
    return str(given) if storage.is_remote(given) else os.path.abspath(given)
