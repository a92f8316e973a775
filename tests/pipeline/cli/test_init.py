"""The command `init`, and `run` of a folder: one file, named, and never overwritten."""

from pathlib import Path

import click
import pytest

from pipeline.cli.init import configuration_of
from pipeline.cli.main import cli
from tests.fakes.image_data import write_images


def init(*arguments: str | Path) -> int:
    return int(cli(["init", *map(str, arguments)], standalone_mode=False))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "pets", count=3)
    return Path("pets")


def test_it_says_what_it_found_and_what_to_type_next(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(folder) == 0
    shown = capsys.readouterr()
    assert shown.err == "Wrote pets.yaml for the 6 files in 2 classes of pets.\n"
    assert "Classes: a 3, b 3\n" in shown.out
    assert shown.out.endswith("-m pipeline run pets.yaml\n")


def test_a_file_that_exists_is_kept(folder: Path) -> None:
    init(folder)
    Path("pets.yaml").write_text(Path("pets.yaml").read_text() + "# mine\n")
    with pytest.raises(click.UsageError, match=r"pets.yaml is the configuration of pets already"):
        init(folder)
    assert Path("pets.yaml").read_text().endswith("# mine\n")


def test_run_writes_it_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Path("elsewhere/workspace")
    file = configuration_of(folder, workspace)
    assert file.resolve() == Path("elsewhere/pets.yaml").resolve()
    assert "Wrote elsewhere/pets.yaml for the 6 files" in capsys.readouterr().err
    file.write_text(file.read_text() + "# mine\n")
    assert configuration_of(folder, workspace) == file
    assert file.read_text().endswith("# mine\n")
    assert capsys.readouterr().err == "The configuration of pets is elsewhere/pets.yaml.\n"


def test_a_folder_of_data_sets_is_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(Path("all/birds"), count=2)
    init(folder.rename("all/pets").parent)
    assert "If all/birds is a data set, name that folder." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder"),
        (["pets/a/000.png"], "000.png: is a file"),
        (["pets/a"], "there is no class folder in"),
        (["pets", "--workspace", "pets/workspace"], "would be inside the folder of images"),
    ],
)
def test_wrong_usage(folder: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        init(*arguments)
    assert not list(Path().glob("*.yaml"))


def test_a_workspace_that_cannot_be_made(folder: Path) -> None:
    Path("file").touch()
    with pytest.raises(click.ClickException, match="file/x cannot be made: Not a directory"):
        init("pets", "--workspace", "file/x/workspace")
