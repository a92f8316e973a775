"""`backup`: a copy of a workspace's metadata, also while a run writes to them."""

from collections.abc import Iterable
from pathlib import Path

from components.errors import UserError
from pipeline.metadata.sqlite_file import back_up
from pipeline.workspace.registry import choose_model, find_models


def back_up_metadata(workspace: Path, target: Path, model: str | None = None) -> Path:
    """Copies the metadata and returns the file that was copied.

    Args:
        workspace: The workspace.
        target: The copy; an earlier one is replaced once the new one is whole.
        model: Whose metadata, where models have metadata of their own.

    Raises:
        UserError: There are none, there are several, they are damaged, or the copy cannot be
            written.
    """
    everything = {found.metadata for found in find_models(workspace).values()}
    everything.add(workspace.absolute() / "metadata.sqlite")
    if target.exists() and any(file.exists() and file.samefile(target) for file in everything):
        raise UserError(
            f"{target} is the metadata of this workspace", "Choose another place for the backup."
        )
    chosen = everything if model is None else {choose_model(workspace, model).metadata}
    file = _choose(workspace, chosen)
    back_up(str(file), target)
    return file


def _choose(workspace: Path, files: Iterable[Path]) -> Path:
    existing = sorted(file for file in files if file.is_file())
    if not existing:
        raise UserError(f"{workspace} has no metadata", "Use the workspace of a run.")
    if len(existing) > 1:
        names = ", ".join(map(str, existing))
        raise UserError(f"{workspace} has metadata in {names}", "Choose a model with --model.")
    return existing[0]
