"""The root of a node: a new volume is distinguished from one that can be used."""

import os
from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.cluster.node import check_root
from pipeline.run.paths import Workspace

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")


def check_as_user(user: int, root: Path) -> str:
    """What `check_root` says to another user, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        try:
            check_root(Workspace(root))
            text = "fine"
        except UserError as error:
            text = f"{error.message}. {error.hint}"
        os.write(writing, text.encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 10_000).decode()


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """The root of a new volume, which any user may reach."""
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    folder = tmp_path / "volume"
    folder.mkdir(mode=0o755)
    return folder


@needs_root
@pytest.mark.parametrize("below", ["", "pets/nightly"])
def test_a_new_volume_that_belongs_to_root(volume: Path, below: str) -> None:
    text = check_as_user(1000, volume / below)
    assert text.startswith(
        f"the root {volume / below} cannot be written by user 1000 of group 1000: {volume} belongs "
        "to 0:0, with mode 755."
    )
    assert "image-pipeline cluster prepare-volume CONFIG" in text


@needs_root
def test_a_volume_of_the_user(volume: Path) -> None:
    os.chown(volume, 1000, 1000)
    assert check_as_user(1000, volume / "pets") == "fine"


def test_a_bucket_is_not_looked_at() -> None:
    check_root(Workspace("gs://bucket/folder"))
