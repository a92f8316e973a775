"""A folder of images -> a configuration: what is found is in it, and it loads."""

from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.config.from_folder import configuration_text, find_configuration, look_into
from pipeline.config.load import load_config


def make_files(folder: Path, **classes: int) -> Path:
    for name, number in classes.items():
        (folder / name).mkdir(parents=True)
        for index in range(number):
            (folder / name / f"{index}.jpg").touch()
    return folder


def write(folder: Path, workspace: Path) -> Path:
    file = find_configuration(folder, workspace)
    file.write_text(configuration_text(look_into(folder), file.stem))
    return file


def test_classes_and_counts_are_found(tmp_path: Path) -> None:
    folder = make_files(tmp_path / "pets", cats=6, dogs=4)
    file = write(folder, tmp_path / "workspace")
    config = load_config(file)
    assert file == tmp_path / "pets.yaml"
    assert (config.data.path, config.push.model_name) == (str(folder), "pets")
    assert (config.data.splits.train, config.gate.min_accuracy) == (0.7, 0.8)
    text = file.read_text()
    assert "10 files in 2 classes" in text and "cats 6, dogs 4" in text
    # Classes of about one size need no weights.
    assert "class_weights" not in text


def test_rare_classes_get_a_suggestion(tmp_path: Path) -> None:
    text = configuration_text(look_into(make_files(tmp_path / "pets", cats=9, dogs=3)), "pets")
    assert "# class_weights: auto" in text


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("train", "validation", "test"), ("train", "validation", "test")),
        (("Training", "val"), ("Training", "val", None)),
        (("train",), ("train", None, None)),
        (("train", "test", "notes"), ("train", None, "test")),
    ],
)
def test_split_folders_are_found(
    tmp_path: Path, folders: tuple[str, ...], splits: tuple[str | None, ...]
) -> None:
    folder = tmp_path / "pets"
    for split in folders:
        make_files(folder / split, cats=3, dogs=2)
    file = write(folder, tmp_path / "workspace")
    found = load_config(file).data.splits.by_name
    for (name, value), expected in zip(found.items(), splits, strict=True):
        assert value == expected or expected is None, name
        assert isinstance(value, str) == (expected is not None), name
    assert f"{splits[0]} 5" in file.read_text()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("My Photos", "My-Photos"),
        ("2024", "images-2024"),
        ("Bäume", "Baume"),
        ("猫", "images"),
        ("a: #1 {x} $HOME ~", "a-1-x-HOME"),
        ("x" * 90, "x" * 50),
    ],
)
def test_folders_may_have_any_name(tmp_path: Path, name: str, model: str) -> None:
    file = write(make_files(tmp_path / name, cats=2, dogs=2), tmp_path / "workspace")
    config = load_config(file)
    assert (config.data.path, config.push.model_name) == (str(tmp_path / name), model)


def test_class_names_cannot_break_the_file(tmp_path: Path) -> None:
    classes = {"a: b": 2, "#c {d}": 2, "trainer:": 3}
    file = write(make_files(tmp_path / "pets", **classes), tmp_path / "workspace")
    assert load_config(file).push.model_name == "pets"


def test_a_folder_finds_its_own_file_again_and_no_other(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "pets", tmp_path / "b" / "pets"
    for folder in (first, second):
        make_files(folder, cats=2, dogs=2)
    workspace = tmp_path / "workspace"
    (tmp_path / "pets.yaml").write_text("a: file of the user's\n")
    assert write(first, workspace).name == "pets-2.yaml"
    assert write(second, workspace).name == "pets-3.yaml"
    assert find_configuration(first, workspace).name == "pets-2.yaml"
    assert (tmp_path / "pets.yaml").read_text() == "a: file of the user's\n"
    # A slip of the pen does not turn it into another's: loading it says what is wrong.
    (tmp_path / "pets-2.yaml").write_text("data: [")
    assert find_configuration(first, workspace).name == "pets-2.yaml"


def test_a_link_that_leads_elsewhere_keeps_its_file(tmp_path: Path) -> None:
    link = tmp_path / "pets"
    for name in ("monday", "tuesday"):
        link.unlink(missing_ok=True)
        link.symlink_to(make_files(tmp_path / name, cats=2, dogs=2))
        file = write(link, tmp_path / "workspace")
        assert (file.name, load_config(file).data.path) == ("pets.yaml", str(link))


def test_the_workspace_is_never_among_the_images(tmp_path: Path) -> None:
    make_files(tmp_path / "pets", cats=2, dogs=2)
    with pytest.raises(UserError, match="would be inside the folder of images"):
        find_configuration(tmp_path / "pets", tmp_path / "pets" / "workspace")


@pytest.mark.parametrize(
    ("classes", "message"), [({}, "no class folder"), ({"cats": 3}, "only one class")]
)
def test_a_folder_without_classes_is_refused(
    tmp_path: Path, classes: dict[str, int], message: str
) -> None:
    (tmp_path / "pets").mkdir()
    with pytest.raises(UserError, match=message):
        look_into(make_files(tmp_path / "pets", **classes))
