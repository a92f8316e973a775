"""Finds the SavedModel that a person means by a path."""

from pathlib import Path

from components import storage
from components.errors import UserError
from components.pusher.versions import newest_version
from pipeline.workspace.registry import choose_model


class UsageMistake(UserError):
    """A mistake in the arguments of the command."""


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
    # With push.folder, a workspace has runs and nothing to serve.
    if any((where / part).is_dir() for part in ("serving", "runs")):
        return _of_workspace(where, name)
    if name is not None:
        raise ModelChoiceError(f"{where} is no workspace, in which --model could choose.", _ALLOWED)
    if _is_saved_model(where):
        return where
    newest = _newest(where)
    if newest is None:
        raise ModelChoiceError(f"{where} holds no SavedModel and no versions of one.", _ALLOWED)
    return newest


_ALLOWED = (
    "Give the folder of a SavedModel, a folder of versions (WORKSPACE/serving/MODEL) "
    "or a workspace."
)


def _is_saved_model(folder: Path) -> bool:
    return any((folder / graph).is_file() for graph in _GRAPHS)


def _of_workspace(workspace: Path, name: str | None) -> Path:
    try:
        model = choose_model(workspace, name)
    except UserError as error:
        raise ModelChoiceError(error.message, error.hint) from None
    if storage.is_remote(model.folder):
        raise ModelChoiceError(
            f"the versions of {model.name} are in {model.folder}; only local folders are read.",
            "Copy a version to this machine, and give its folder.",
        )
    newest = _newest(Path(model.folder))
    if newest is None:
        raise ModelChoiceError(
            f"no version of {model.name} was pushed from {workspace} yet.",
            "Run the pipeline; a model that passes the gate becomes a version.",
        )
    return newest


def _newest(folder: Path) -> Path | None:
    try:
        version = newest_version(folder)
    except OSError as error:
        raise ModelChoiceError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return version.path if version else None
