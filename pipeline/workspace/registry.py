"""Which models a workspace has, and where their versions and their lineage are."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import storage
from components.errors import UserError
from components.pusher.versions import newest_version


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

    Where runs of a model had several folders, it is the newest run's, or, if that is empty, the
    newest one that holds a version.

    Args:
        workspace: The workspace.
    """
    workspace = workspace.absolute()
    # By name, then by folder, newest first.
    found: dict[str, dict[str, ServedModel]] = {}
    for path in sorted(workspace.glob("runs/*/config.json"), reverse=True):
        if model := _of_run(path, workspace):
            found.setdefault(model.name, {}).setdefault(model.folder, model)
    for folder in sorted(workspace.glob("serving/*")):
        if folder.is_dir() and not folder.name.startswith("."):
            model = ServedModel(folder.name, str(folder), workspace / "metadata.sqlite")
            found.setdefault(model.name, {}).setdefault(model.folder, model)
    return {name: _in_use(list(folders.values())) for name, folders in found.items()}


def choose_model(workspace: Path, name: str | None) -> ServedModel:
    """The named model, or the only one; one without a version is passed over where another has one.

    Raises:
        UserError: There is none, or it is not clear which one.
    """
    models = find_models(workspace)
    if not models:
        raise UserError(f"{workspace} has no model", "Give the workspace of a run.")
    if name is not None and name not in models:
        there = ", ".join(sorted(models))
        raise UserError(f"{workspace} has no model {name}; it has {there}")
    if name is not None:
        return models[name]
    if len(models) > 1:
        models = {name: one for name, one in models.items() if not _is_empty(one)} or models
    if len(models) > 1:
        there = ", ".join(sorted(models))
        raise UserError(
            f"{workspace} has {len(models)} models: {there}", "Choose one with --model."
        )
    return next(iter(models.values()))


def _in_use(candidates: Sequence[ServedModel]) -> ServedModel:
    """The first, unless its folder is empty and a later one's is not."""
    first, *others = candidates
    if not others or not _is_empty(first):
        return first
    return next((model for model in others if _has_version(model)), first)


def _is_empty(model: ServedModel) -> bool:
    """Whether it has no version for sure: what cannot be read is not empty.

    TensorFlow lists a remote folder that is out of reach as if it were empty.
    """
    try:
        return not storage.is_remote(model.folder) and newest_version(model.folder) is None
    except OSError:
        return False


def _has_version(model: ServedModel) -> bool:
    try:
        return newest_version(model.folder) is not None
    except OSError:
        return False


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
