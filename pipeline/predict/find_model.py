"""Finds the SavedModel for a path: itself, the newest version, or the model of a workspace.

Also the errors that `predict` reports as wrong usage: this module is imported before TensorFlow.
"""

from pathlib import Path

from components import storage
from components.artifacts import SAVED_MODEL_FILE
from components.errors import UserError
from components.pusher.versions import newest_version
from pipeline.workspace.registry import choose_model

_GRAPH_FILES = (SAVED_MODEL_FILE, "saved_model.pbtxt")
_ALLOWED = (
    "Give the folder of a SavedModel, a folder of versions (WORKSPACE/serving/MODEL) "
    "or a workspace."
)


class UsageError(UserError):
    """The arguments of the command are wrong."""


class ModelChoiceError(UsageError):
    """The path does not lead to exactly one model."""


def find_model(path: Path, name: str | None = None) -> Path:
    """Finds the folder of a SavedModel.

    Args:
        path: A SavedModel, a folder of versions (`serving/MODEL`; the newest is used), or a
            workspace.
        name: Name of a model in the workspace; None if it has only one.

    Raises:
        ModelChoiceError: There is no model, or more than one.
    """
    if not path.is_dir():
        problem = "is a file" if path.exists() else "there is no such folder"
        raise ModelChoiceError(f"{path}: {problem}.", _ALLOWED)
    if _is_workspace(path):
        return _find_in_workspace(path, name)
    if name is not None:
        raise ModelChoiceError(f"{path} is not a workspace, so --model cannot be used.", _ALLOWED)
    if _is_saved_model(path):
        return path
    newest = _newest(path)
    if newest is None:
        raise ModelChoiceError(f"{path} contains no SavedModel and no versions of one.", _ALLOWED)
    return newest


def is_model_or_workspace(path: Path) -> bool:
    """Whether `find_model` would look for a model here: this is not a folder of images."""
    if not path.is_dir():
        return False
    return _is_workspace(path) or _is_saved_model(path) or _newest(path) is not None


def _is_workspace(folder: Path) -> bool:
    # With push.folder, a workspace has runs but no `serving` folder.
    return any((folder / part).is_dir() for part in ("serving", "runs"))


def _is_saved_model(folder: Path) -> bool:
    return any((folder / graph).is_file() for graph in _GRAPH_FILES)


def _find_in_workspace(workspace: Path, name: str | None) -> Path:
    try:
        model = choose_model(workspace, name)
    except UserError as error:
        raise ModelChoiceError(error.message, error.hint) from None
    if storage.is_remote(model.folder):
        raise ModelChoiceError(
            f"the versions of {model.name} are in {model.folder}; only local folders can be read.",
            "Copy a version to this machine and give its folder.",
        )
    newest = _newest(Path(model.folder))
    if newest is None:
        raise ModelChoiceError(
            f"no version of {model.name} has been pushed from {workspace} yet.",
            "Run the pipeline; a model that passes the gate becomes a version.",
        )
    return newest


def _newest(folder: Path) -> Path | None:
    try:
        version = newest_version(folder)
    except OSError as error:
        raise ModelChoiceError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return version.path if version else None
