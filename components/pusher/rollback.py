"""Puts an older version back in service, and keeps it there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from components.errors import UserError
from components.pusher.files import Address
from components.pusher.version import ModelId, Origin, Version, find_damage, identify
from components.pusher.versions import (
    list_versions,
    newest_version,
    open_folder,
    write_version,
)


class RollbackError(UserError):
    """There is no version to go back to, or it cannot be put back."""


@dataclass(frozen=True)
class Rollback:
    """The result of a rollback.

    Attributes:
        before: The version that was in service; None if there was none that a server could load.
        source: The older version that was put back.
        version: The new version, a copy of `source`, now in service.
        withdrawn: Model artifacts that unchanged runs will not push again.
    """

    before: Version | None
    source: Version
    version: Version
    withdrawn: tuple[str, ...]


def roll_back(folder: Address, to: int | None = None, *, seen: int | None = None) -> Rollback:
    """Puts an older version in service: a copy of its files, as the newest version.

    The models that runs pushed after the one put back are withdrawn: a run whose images, settings
    and code have not changed produces the same model again, and must not push it again. A
    withdrawal ends when the model is put back by `to`.

    Args:
        folder: The model's folder.
        to: Number of the version to put back; None chooses the newest one before the one in service
            that has another model and was not withdrawn.
        seen: The version in service when the rollback was requested, if it must still be there.

    Raises:
        RollbackError: There is no such version, it is damaged or in service already, or the
            version in service is no longer `seen`.
        OSError: The disk is full or the folder not writable; nothing in service has changed.
    """
    if not list_versions(folder):
        raise RollbackError(f"{folder} has no version", "Run the pipeline first.")
    with open_folder(folder).writing():
        versions, before = list_versions(folder), newest_version(folder)
        _require_seen(before, seen)
        source = _find(versions, before, to)
        withdrawn = _withdrawn(versions, before, source)
        origin = replace(
            source.details or Origin(source.origin),
            copy_of=_pushed_as(source),
            digest=identify(source).digest,
            withdrawn=tuple(model.uri or "" for model in withdrawn),
            withdrawn_digests=tuple(model.digest for model in withdrawn),
        )
        version = write_version(folder, source.address, origin)
    return Rollback(before, source, version, origin.withdrawn)


def _require_seen(before: Version | None, seen: int | None) -> None:
    now = before.number if before else None
    if seen is not None and now != seen:
        raise RollbackError(
            f"version {now} is released now, not {seen}: "
            "a push or another rollback came first; nothing was changed",
            "Check `models`, and try again.",
        )


def _find(versions: Sequence[Version], before: Version | None, to: int | None) -> Version:
    source = _default(versions, before) if to is None else _named(versions, to)
    if before and source.number == before.number:
        raise RollbackError(f"version {source.number} is released already")
    if before and identify(source).is_same(identify(before)):
        raise RollbackError(
            f"version {before.number}, released, has the same model as version {source.number}"
        )
    if damage := find_damage(source):
        raise RollbackError(
            f"version {source.number} cannot be put back: {damage}",
            "Choose another version with --to; `models` lists them.",
        )
    return source


def _named(versions: Sequence[Version], number: int) -> Version:
    for version in versions:
        if version.number == number:
            return version
    existing = ", ".join(str(version.number) for version in versions)
    raise RollbackError(f"there is no version {number}; there are {existing}")


def _default(versions: Sequence[Version], before: Version | None) -> Version:
    not_again = (*before.withdrawn_models, identify(before)) if before else ()
    for version in versions:
        is_older = before is None or version.number < before.number
        if not is_older or find_damage(version):
            continue
        if not any(map(identify(version).is_same, not_again)):
            return version
    raise RollbackError(
        f"there is no version before {before.number if before else 'the first'} to go back to",
        "`models` lists all versions, withdrawn ones too; --to VERSION puts one of them back.",
    )


def _withdrawn(
    versions: Sequence[Version], before: Version | None, source: Version
) -> tuple[ModelId, ...]:
    """The models that were withdrawn before, and those that are newer than the one put back.

    A copy counts as the version that it is a copy of: going back from b to a and then to b again
    withdraws nothing, though the copy of a has a higher number than b.
    """
    earlier = before.withdrawn_models if before else ()
    newer = [identify(version) for version in versions if _pushed_as(version) > _pushed_as(source)]
    withdrawn: list[ModelId] = []
    for model in (*earlier, *(model for model in newer if model.uri is not None)):
        if not any(map(model.is_same, (*withdrawn, identify(source)))):
            withdrawn.append(model)
    return tuple(withdrawn)


def _pushed_as(version: Version) -> int:
    """The number under which a run pushed the version, or the one that it is a copy of."""
    copy_of = version.details.copy_of if version.details else None
    return version.number if copy_of is None else copy_of
