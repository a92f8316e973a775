"""The models that a workspace has pushed, with the folders of their versions and their metadata."""

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
    """A model: its folder of versions, a path or a URL, and the SQLite file of ML Metadata."""

    name: str
    folder: str
    metadata: Path


def find_models(workspace: Path) -> dict[str, ServedModel]:
    """Finds every model of a workspace, by name: those of its runs, and those in `serving/`.

    If runs pushed a model to several folders, the newest run's folder is used, or, if that is
    empty, the newest folder with a version.
    """
    workspace = workspace.absolute()
    # By name, then by folder, newest first.
    found: dict[str, dict[str, ServedModel]] = {}
    for path in sorted(workspace.glob("runs/*/config.json"), reverse=True):
        if model := _model_of_run(path, workspace):
            found.setdefault(model.name, {}).setdefault(model.folder, model)
    for folder in sorted(workspace.glob("serving/*")):
        if folder.is_dir() and not folder.name.startswith("."):
            model = ServedModel(folder.name, str(folder), workspace / "metadata.sqlite")
            found.setdefault(model.name, {}).setdefault(model.folder, model)
    return {name: _in_use(list(folders.values())) for name, folders in found.items()}


def choose_model(workspace: Path, name: str | None) -> ServedModel:
    """Returns the named model, or the only one; models without versions only count if none has any.

    Raises:
        UserError: There is no such model, or more than one.
    """
    models = find_models(workspace)
    if not models:
        raise UserError(f"{workspace} has no model", "Use the workspace of a run.")
    if name is not None and name not in models:
        names = ", ".join(sorted(models))
        raise UserError(f"{workspace} has no model {name}; it has {names}")
    if name is not None:
        return models[name]
    if len(models) > 1:
        models = {name: one for name, one in models.items() if not _is_empty(one)} or models
    if len(models) > 1:
        names = ", ".join(sorted(models))
        raise UserError(
            f"{workspace} has {len(models)} models: {names}", "Choose one with --model."
        )
    return next(iter(models.values()))


def _in_use(candidates: Sequence[ServedModel]) -> ServedModel:
    """The first model, unless its folder is empty and a later one's is not."""
    first, *others = candidates
    if not others or not _is_empty(first):
        return first
    return next((model for model in others if _has_version(model)), first)


def _is_empty(model: ServedModel) -> bool:
    """Whether it certainly has no version: a folder that cannot be read is not empty.

    TensorFlow lists an unreachable remote folder as if it were empty.
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


def _model_of_run(config: Path, workspace: Path) -> ServedModel | None:
    """The model of one run, or None if its `config.json` cannot be read."""
    try:
        tree: Any = json.loads(config.read_text(encoding="utf-8"))
        push, metadata = tree["push"], tree.get("metadata") or {}
        name = str(push["model_name"])
        folder = _absolute_path(push, "folder") or str(workspace / "serving" / name)
        path = _absolute_path(metadata, "path") or str(workspace / "metadata.sqlite")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return ServedModel(name, folder, Path(path))


def _absolute_path(section: Mapping[str, Any], key: str) -> str | None:
    """A path of the configuration, relative to the current folder as in a run."""
    path = section.get(key)
    if not path:
        return None
    return str(path) if storage.is_remote(path) else os.path.abspath(path)
