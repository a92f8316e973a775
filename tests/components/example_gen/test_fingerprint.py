"""What counts as changed data."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from components.example_gen.driver import list_files
from components.example_gen.fingerprint import fingerprint
from components.example_gen.settings import DataSettings
from components.example_gen.sources.tree import walk_files

Kind = Literal["content", "listing"]
KINDS: tuple[Kind, ...] = ("content", "listing")


@pytest.fixture
def data(tmp_path: Path, write_classes: Callable[..., Path]) -> Path:
    return write_classes(tmp_path, count=3)


def of_folder(data: Path, kind: Kind) -> str:
    return fingerprint(walk_files(str(data)), kind)


def flip_a_byte(path: Path) -> None:
    """Changes a file, and neither its size nor its time."""
    status = path.stat()
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(bytes(contents))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("kind", KINDS)
def test_sees_new_renamed_and_moved_files(data: Path, kind: Kind) -> None:
    seen = {of_folder(data, kind)}
    (data / "a" / "000.png").rename(data / "a" / "new.png")
    seen.add(of_folder(data, kind))
    (data / "a" / "new.png").rename(data / "b" / "new.png")
    seen.add(of_folder(data, kind))
    (data / "b" / "empty.png").touch()
    seen.add(of_folder(data, kind))
    assert len(seen) == 4


def test_only_content_sees_an_edit_that_keeps_size_and_time(data: Path) -> None:
    before = {kind: of_folder(data, kind) for kind in KINDS}
    flip_a_byte(data / "a" / "000.png")
    assert of_folder(data, "listing") == before["listing"]
    assert of_folder(data, "content") != before["content"]


def test_only_listing_sees_a_touch(data: Path) -> None:
    before = {kind: of_folder(data, kind) for kind in KINDS}
    os.utime(data / "a" / "000.png", ns=(1, 1))
    assert of_folder(data, "listing") != before["listing"]
    assert of_folder(data, "content") == before["content"]


@pytest.mark.parametrize("kind", KINDS)
def test_litter_links_and_circles(data: Path, kind: Kind) -> None:
    before = of_folder(data, kind)
    (data / "a" / ".DS_Store").touch()
    assert of_folder(data, kind) == before
    (data / "a" / "up").symlink_to(data)
    (data / "a" / "gone.png").symlink_to("nowhere")
    assert of_folder(data, kind) != before


def test_a_manifest_is_never_excluded(data: Path) -> None:
    manifest = data / "labels.csv"
    manifest.write_text("path,label\na/000.png,a\n")
    settings = DataSettings(source="manifest", path=str(manifest), exclude=("*.csv", "a/*"))
    assert [name for name, _ in list_files(str(manifest), settings)] == ["labels.csv"]
