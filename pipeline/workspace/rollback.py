"""`rollback`: puts an older version in service, records it, and says what it did."""

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
    """Puts an older version of a model in service.

    Args:
        workspace: The workspace that it was pushed from.
        model_name: Its name; None where there is only one.
        to: The version to put back; None takes the one before the one in service.

    Returns:
        Lines for the person, and what went wrong after the version was in service, or None.

    Raises:
        UserError: There is no such model or version, or it cannot be written; what is in service
            has not changed.
    """
    model = choose_model(workspace, model_name)
    try:
        in_service = newest_version(model.folder)
        done = roll_back(model.folder, to, seen=in_service.number if in_service else None)
    except OSError as error:
        raise UserError(
            f"the version could not be written to {model.folder}: {error.strerror or error}",
            hint="Make room or make the folder writable, and try again; "
            "the version in service has not changed.",
        ) from error
    return _lines(model, done), _record(model, done)


def _record(model: ServedModel, done: Rollback) -> str | None:
    try:
        record_rollback(open_store(model.metadata), model.name, done)
    except LineageError as error:
        return f"The rollback is done, but it is not recorded in the lineage: {error}"
    return None


def _lines(model: ServedModel, done: Rollback) -> list[str]:
    details = done.version.details
    run = f", run {details.run_id}" if details and details.run_id else ""
    lines = [
        f"Rolled back: version {done.version.number} of {model.name} is in service.",
        f"  a copy of     version {done.source.number}{run}",
    ]
    if done.before:
        lines.append(f"  before it     version {done.before.number}")
    lines.append(f"  in service    {shown_path(done.version.address)}")
    if done.withdrawn:
        lines.append(
            "  from now on   runs in which nothing changed do not push the newer model again; "
            "newly trained ones are pushed"
        )
    return lines
