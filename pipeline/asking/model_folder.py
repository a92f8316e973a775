"""Finds the SavedModel that a person means by a path."""

from pathlib import Path

from components.push.versions import newest_version
from pipeline.asking.usage import UsageMistake

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")


class ModelChoiceError(UsageMistake):
    """What was named is no model, or more than one."""


def find_model(where: Path, name: str | None = None) -> Path:
    """Finds the folder of a SavedModel.

    Args:
        where: A SavedModel, a folder of versions (`serving/MODEL`: the newest one is taken), or a
            workspace.
        name: Which model of a workspace; None where it has only one.

    Raises:
        ModelChoiceError: There is no model, or it is not clear which.
    """
    if not where.is_dir():
        problem = "is a file" if where.exists() else "there is no such folder"
        raise ModelChoiceError(f"{where}: {problem}.", _ALLOWED)
    if (where / "serving").is_dir():
        return _newest(_choose(where, name))
    if name is not None:
        raise ModelChoiceError(f"{where} is no workspace, in which --model could choose.", _ALLOWED)
    return where if _is_saved_model(where) else _newest(where)


_ALLOWED = (
    "Give the folder of a SavedModel, a folder of versions (WORKSPACE/serving/MODEL) "
    "or a workspace."
)


def _is_saved_model(folder: Path) -> bool:
    return any((folder / graph).is_file() for graph in _GRAPHS)


def _choose(workspace: Path, name: str | None) -> Path:
    folders = sorted((workspace / "serving").iterdir())
    models = {folder.name: folder for folder in folders if newest_version(folder)}
    if not models:
        raise ModelChoiceError(
            f"the workspace {workspace} has no model in service.",
            "A run that passes the gate puts one there; if push.folder is set, give that folder.",
        )
    if name is None and len(models) > 1:
        raise ModelChoiceError(
            f"the workspace {workspace} has {len(models)} models: {', '.join(models)}.",
            "Say which with --model.",
        )
    if name is not None and name not in models:
        raise ModelChoiceError(
            f"the workspace {workspace} has no model {name} in service.",
            f"It has: {', '.join(models)}.",
        )
    return models[name or next(iter(models))]


def _newest(folder: Path) -> Path:
    version = newest_version(folder)
    if version is None or not _is_saved_model(version.path):
        raise ModelChoiceError(f"{folder} holds no SavedModel and no versions of one.", _ALLOWED)
    return version.path
