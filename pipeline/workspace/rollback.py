"""`rollback`: puts an older version as the released one and records that in the lineage."""

from pathlib import Path

from components.errors import UserError
from components.pusher.rollback import Rollback, roll_back
from components.pusher.rollback_lineage import LineageError, open_store, record_rollback
from components.pusher.versions import newest_version
from pipeline.console.final import shown_path
from pipeline.workspace.registry import ServedModel, choose_model


def roll_back_model(
    workspace: Path, model_name: str | None, to: int | None
) -> tuple[list[str], str | None]:
    """Puts a version back as the released one; by default the one before that of the only model.

    Returns the lines to print, and a warning if the rollback could not be recorded.

    Raises:
        UserError: There is no such model or version, or it cannot be written; the version in
            service has not changed.
    """
    model = choose_model(workspace, model_name)
    try:
        in_service = newest_version(model.folder)
        done = roll_back(model.folder, to, seen=in_service.number if in_service else None)
    except OSError as error:
        raise UserError(
            f"the version could not be written to {model.folder}: {error.strerror or error}",
            hint="Free some disk space or make the folder writable, then try again; "
            "the released version has not changed.",
        ) from error
    return _lines(model, done), _record(model, done)


def _record(model: ServedModel, done: Rollback) -> str | None:
    try:
        record_rollback(open_store(model.metadata), model.name, done)
    except LineageError as error:
        return f"Warning: rolled back, but not recorded in the lineage: {error}"
    return None


def _lines(model: ServedModel, done: Rollback) -> list[str]:
    details = done.version.details
    run = f", run {details.run_id}" if details and details.run_id else ""
    lines = [
        f"Rolled back: version {done.version.number} of {model.name} is released to model servers.",
        f"  a copy of     version {done.source.number}{run}",
    ]
    if done.before:
        lines.append(f"  replaces      version {done.before.number}")
    lines.append(f"  model         {shown_path(done.version.address)}")
    if done.withdrawn:
        lines.append(
            "  from now on   a run without changes does not push the withdrawn model again; "
            "a newly trained model is pushed"
        )
    return lines
