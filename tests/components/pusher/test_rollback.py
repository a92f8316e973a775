"""Rollbacks, and which runs push what after them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from components.pusher.files import hash_model
from components.pusher.rollback import RollbackError, roll_back
from components.pusher.version import ModelId
from components.pusher.versions import (
    WithdrawnError,
    add_version,
    list_versions,
    newest_version,
    was_pushed_last,
)
from tests.fakes.processes.killed_writer import KilledWriter


@pytest.fixture
def pushed(tmp_path: Path, make_model: Callable[..., Path]) -> tuple[Path, list[int]]:
    """A folder with the models a, b and c as versions, and their numbers."""
    folder = tmp_path / "serving"
    numbers = [
        add_version(folder, make_model(name), name, run_id=f"run-{name}").number for name in "abc"
    ]
    return folder, numbers


def _texts(version: Path) -> dict[str, bytes]:
    files = (file for file in version.rglob("*") if file.is_file() and file.name != "origin.json")
    return {str(file.relative_to(version)): file.read_bytes() for file in files}


def test_the_previous_version_becomes_the_newest(pushed: tuple[Path, list[int]]) -> None:
    folder, [_, b, c] = pushed
    done = roll_back(folder)
    assert done.before is not None
    assert (done.before.number, done.source.number) == (c, b)
    assert done.version == newest_version(folder)
    assert done.version.number > c
    assert _texts(done.version.path) == _texts(folder / str(b))
    details = done.version.details
    assert details is not None
    assert (details.copy_of, details.model_uri, details.run_id) == (b, "b", "run-b")
    assert details.withdrawn == done.withdrawn == ("c",)


def test_a_withdrawn_model_is_not_pushed_again(
    pushed: tuple[Path, list[int]], make_model: Callable[..., Path]
) -> None:
    folder, _ = pushed
    restored = roll_back(folder).version
    with pytest.raises(WithdrawnError) as caught:
        add_version(folder, make_model("c"), "c")
    assert f"version {restored.number} stays released" in caught.value.message
    assert newest_version(folder) == restored
    b = ModelId("b", hash_model(str(make_model("b"))))
    assert not was_pushed_last(folder, b), "the Pusher recorded another number"

    assert add_version(folder, make_model("d"), "d").origin == "d", "newly trained"
    with pytest.raises(WithdrawnError):
        add_version(folder, make_model("c"), "c")


def test_what_is_withdrawn_is_known_by_its_files(
    pushed: tuple[Path, list[int]], make_model: Callable[..., Path]
) -> None:
    folder, _ = pushed
    roll_back(folder)
    with pytest.raises(WithdrawnError):
        add_version(folder, make_model("c"), "moved/c")
    assert add_version(folder, make_model("d"), "c").origin == "c", "another model, at its place"


def test_two_rollbacks_go_back_two_models(pushed: tuple[Path, list[int]]) -> None:
    folder, [a, *_] = pushed
    roll_back(folder)
    done = roll_back(folder)
    assert (done.source.number, done.version.origin) == (a, "a")
    assert set(done.withdrawn) == {"b", "c"}
    with pytest.raises(RollbackError, match=r"no version before \d+ to go back to"):
        roll_back(folder)


def test_rolling_back_to_a_withdrawn_version_ends_its_withdrawal(
    pushed: tuple[Path, list[int]], make_model: Callable[..., Path]
) -> None:
    folder, [*_, c] = pushed
    roll_back(folder)
    done = roll_back(folder, to=c)
    assert (done.version.origin, done.withdrawn) == ("c", ())
    assert add_version(folder, make_model("c"), "c") == done.version


def test_an_undone_rollback_can_be_repeated(pushed: tuple[Path, list[int]]) -> None:
    folder, [_, b, c] = pushed
    roll_back(folder)
    roll_back(folder, to=c)
    done = roll_back(folder)
    assert (done.version.origin, done.withdrawn) == ("b", ("c",)), "b is older and good"
    assert done.version.details is not None and done.version.details.copy_of == b


def test_copies_are_as_old_as_the_pushed_version(
    pushed: tuple[Path, list[int]], make_model: Callable[..., Path]
) -> None:
    folder, [_, _, c] = pushed
    copy_of_b = roll_back(folder).version
    copy_of_c = roll_back(folder, to=c).version
    again = roll_back(folder, to=copy_of_b.number)
    assert again.withdrawn == ("c",), "the source is a copy, and older than c"
    # Only copies of b and c, and a copy of a copy, are left.
    add_version(folder, make_model("d"), "d", keep=3)
    assert [version.origin for version in list_versions(folder)] == ["d", "b", "c"]
    assert roll_back(folder, to=copy_of_c.number).withdrawn == ("d",)
    assert set(roll_back(folder, to=again.version.number).withdrawn) == {"c", "d"}


def test_a_model_that_was_pushed_again_is_withdrawn(
    tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder = tmp_path / "serving"
    for name in "aba":
        add_version(folder, make_model(name), name)
    done = roll_back(folder)
    assert (done.version.origin, done.withdrawn) == ("b", ("a",))
    with pytest.raises(WithdrawnError):
        add_version(folder, make_model("a"), "a")


def test_all_newer_models_are_withdrawn(
    pushed: tuple[Path, list[int]],
) -> None:
    folder, [a, *_] = pushed
    assert set(roll_back(folder, to=a).withdrawn) == {"b", "c"}


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (lambda numbers: 5, "there is no version 5; there are"),
        (lambda numbers: numbers[2], "is released already"),
    ],
)
def test_invalid_targets(
    pushed: tuple[Path, list[int]], to: Callable[[list[int]], int], message: str
) -> None:
    folder, numbers = pushed
    with pytest.raises(RollbackError, match=message):
        roll_back(folder, to=to(numbers))
    assert len(list_versions(folder)) == 3


def test_the_model_in_service_is_not_put_back(pushed: tuple[Path, list[int]]) -> None:
    folder, [_, b, _] = pushed
    roll_back(folder)
    with pytest.raises(RollbackError, match="has the same model"):
        roll_back(folder, to=b)


def test_a_damaged_version_is_skipped_and_not_put_back(pushed: tuple[Path, list[int]]) -> None:
    folder, [a, b, _] = pushed
    (folder / str(b) / "variables" / "variables.index").write_text("short")
    with pytest.raises(RollbackError, match=r"variables.index has 5 bytes, and had [\d,]+ when"):
        roll_back(folder, to=b)
    assert roll_back(folder).source.number == a


def test_only_the_expected_version_is_rolled_back(pushed: tuple[Path, list[int]]) -> None:
    folder, [_, b, c] = pushed
    with pytest.raises(RollbackError, match=f"version {c} is released now, not {b}"):
        roll_back(folder, seen=b)


def test_without_an_older_version_rollback_fails(tmp_path: Path, model: Path) -> None:
    with pytest.raises(RollbackError, match="has no version"):
        roll_back(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    add_version(tmp_path / "serving", model, "m")
    with pytest.raises(RollbackError, match="no version before"):
        roll_back(tmp_path / "serving")


def test_a_version_of_another_tool_can_be_put_back(pushed: tuple[Path, list[int]]) -> None:
    folder, [_, b, _] = pushed
    (folder / str(b) / "assets.extra" / "origin.json").unlink()
    done = roll_back(folder)
    assert (done.source.number, done.version.origin) == (b, None)
    assert done.withdrawn == ("c",)


def test_a_rollback_killed_at_any_step_leaves_no_half_version(
    pushed: tuple[Path, list[int]], killed_writer: KilledWriter
) -> None:
    folder, [_, b, c] = pushed
    for operation in range(1, 200):
        was_killed = killed_writer.run(f"roll_back({str(folder)!r}, {b})", folder, operation)
        for version in list_versions(folder):
            assert version.problem is None and version.number >= min(pushed[1])
        newest = newest_version(folder)
        assert newest is not None
        if newest.number > c:
            assert _texts(newest.path) == _texts(folder / str(b))
            newest.path.rename(folder.parent / f"done-{operation}")
        if not was_killed:
            break
    assert not was_killed
    assert operation > 30
