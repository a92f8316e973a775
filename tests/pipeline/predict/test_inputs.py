"""The files that arguments name, and their order."""

import os
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.predict.inputs import Listed, list_images


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files of many kinds."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "pics/b.png",
        "pics/a.txt",
        "pics/deep/er/c.jpg",
        "pics/Thumbs.db",
        "pics/._b.png",
        "pics/__MACOSX/d.png",
        "[1].png",
        "1.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def paths(*arguments: str) -> list[str]:
    listed = list(list_images(arguments))
    assert not any(one.error for one in listed)
    return [one.path for one in listed]


def test_arguments_keep_their_order_and_folders_are_sorted(folder: Path) -> None:
    # Any file may be an image, whatever its name; litter is skipped.
    assert paths("1.png", "pics") == [
        "1.png",
        "pics/a.txt",
        "pics/b.png",
        "pics/deep/er/c.jpg",
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("pics/*.png", ["pics/b.png"]),
        ("pics/*", ["pics/a.txt", "pics/b.png", "pics/deep/er/c.jpg"]),
        ("pics/**", ["pics/a.txt", "pics/b.png", "pics/deep/er/c.jpg"]),
        ("**/*.??g", ["1.png", "[1].png", "pics/b.png", "pics/deep/er/c.jpg"]),
        # A file of that name takes precedence over the pattern.
        ("[1].png", ["[1].png"]),
    ],
)
def test_patterns(folder: Path, pattern: str, expected: list[str]) -> None:
    assert paths(pattern) == expected


def test_missing_files_are_listed(folder: Path) -> None:
    assert list(list_images(["no.png", "no/*.png"])) == [
        Listed("no.png"),
        Listed("no/*.png", "nothing matches this pattern"),
    ]


def test_paths_from_stdin_are_not_patterns(folder: Path) -> None:
    lines = BytesIO(b"1.png\r\n\npics/deep\n*.png\n")
    assert [one.path for one in list_images(["-"], lines)] == [
        "1.png",
        "pics/deep/er/c.jpg",
        "*.png",
    ]


def test_names_that_are_not_utf8(folder: Path) -> None:
    name = os.fsdecode(b"pics/deep/\xff.png")
    Path(name).touch()
    assert name in paths("pics")
    assert [one.path for one in list_images(["-"], BytesIO(b"pics/deep/\xff.png\n"))] == [name]


def test_links_are_followed_but_not_circular_ones(folder: Path) -> None:
    (folder / "pics/deep/up").symlink_to(folder / "pics")
    (folder / "pics/deep/self").symlink_to("self")
    (folder / "pics/one.png").symlink_to(folder / "1.png")
    listed = list(list_images(["pics"]))
    assert Listed("pics/deep/up", "is a link to a folder that contains it") in listed
    assert Listed("pics/deep/self") in listed  # Reading it reports the error.
    assert Listed("pics/one.png") in listed
    assert len(listed) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_read_permission_is_reported(folder: Path) -> None:
    (folder / "pics/deep").chmod(0)
    listed = list(list_images(["pics"]))
    (folder / "pics/deep").chmod(0o700)
    assert Listed("pics/deep", "the folder cannot be read: Permission denied") in listed


def test_files_are_yielded_one_by_one(folder: Path) -> None:
    listing = list_images(["-"], BytesIO(b"1.png\n" * 1_000_000))
    assert next(listing) == Listed("1.png")
