"""How data may be laid out, and what is said of data that are not."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from components.example_gen.settings import DataSettings
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.folders import list_folders
from components.example_gen.sources.listing import LITTER, SYSTEM_FOLDERS, Listing
from components.example_gen.sources.tree import Exclusion

WriteClasses = Callable[..., Path]
FOLDERS = {"train": "train", "validation": "validation", "test": "test"}


def listed(path: Path, **settings: Any) -> Listing:
    parsed = DataSettings.model_validate({"path": str(path), **settings})
    return list_folders(str(path), parsed.splits, Exclusion(parsed.exclude))


def failure(path: Path, **settings: Any) -> list[str]:
    """The sentence and the hint of the error."""
    with pytest.raises(IngestError) as error:
        listed(path, **settings)
    assert error.value.hint
    return [error.value.message, error.value.hint]


def test_a_folder_per_class(tmp_path: Path, write_classes: WriteClasses) -> None:
    listing = listed(write_classes(tmp_path, count=2))
    names = [(image.name, image.label, image.given_split) for image in listing.images]
    assert names == [
        ("a/000.png", "a", None),
        ("a/001.png", "a", None),
        ("b/000.png", "b", None),
        ("b/001.png", "b", None),
    ]


def test_litter_is_ignored_and_nothing_else(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1)
    for name in (*LITTER, "Thumbs.db", "._000.png"):
        (tmp_path / "a" / name).touch()
    (tmp_path / "b" / ".hidden.png").touch()
    assert [image.name for image in listed(tmp_path).images] == [
        "a/000.png",
        "b/.hidden.png",
        "b/000.png",
    ]


def test_files_beside_class_folders_have_no_label(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    write_classes(tmp_path, count=1)
    (tmp_path / "LICENSE.txt").touch()
    assert ("LICENSE.txt", "") in [(p.name, p.label) for p in listed(tmp_path).images]


def test_no_class_folders(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.png").touch()
    assert failure(tmp_path / "data") == [
        f"there is no class folder in {tmp_path}/data.",
        "Put the images of each class into a folder of its own: CLASS/image.jpg.",
    ]


def test_no_images(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert failure(tmp_path)[0] == f"there is no image in the class folders of {tmp_path}."


def test_one_class_only(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1, labels="a")
    assert failure(tmp_path)[0] == f"there is only one class in {tmp_path}: a."


def test_folders_below_a_class_are_of_that_class(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    """As for Keras and torchvision."""
    write_classes(tmp_path / "x" / "2023", count=1)
    write_classes(tmp_path / "y", count=1)
    found = [(image.name, image.label) for image in listed(tmp_path).images]
    assert found == [
        ("x/2023/a/000.png", "x"),
        ("x/2023/b/000.png", "x"),
        ("y/a/000.png", "y"),
        ("y/b/000.png", "y"),
    ]
    dataset = keras.utils.image_dataset_from_directory(tmp_path, shuffle=False, verbose=False)
    names = [str(Path(path).relative_to(tmp_path)) for path in dataset.file_paths]
    labels = [dataset.class_names[label] for _, batch in dataset for label in batch]
    assert sorted(zip(names, labels, strict=True)) == found


def test_hidden_and_system_folders_are_no_classes(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    write_classes(tmp_path, count=1)
    for name in (*SYSTEM_FOLDERS, "$RECYCLE.BIN", ".thumbnails", ".git", ".AppleDouble"):
        for place in (tmp_path, tmp_path / "a"):
            write_classes(place / name / "deep", count=1)
    listing = listed(tmp_path)
    assert [image.name for image in listing.images] == ["a/000.png", "b/000.png"]
    assert listing.classes == {"a", "b"}


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*.txt"], ["a/000.png", "b/000.png", "b/[x].png", "c/d/000.png"]),
        (["c", "*[[]x*"], ["a/000.png", "a/n.txt", "b/000.png"]),
        (["c/*", "b/000.png"], ["a/000.png", "a/n.txt", "b/[x].png"]),
        (["*/d/"], ["a/000.png", "a/n.txt", "b/000.png", "b/[x].png"]),
        (["A", "000.png"], ["a/000.png", "a/n.txt", "b/000.png", "b/[x].png", "c/d/000.png"]),
    ],
)
def test_excluded_files_and_folders(
    tmp_path: Path, write_classes: WriteClasses, patterns: list[str], left: list[str]
) -> None:
    write_classes(tmp_path, count=1)
    (tmp_path / "a" / "n.txt").touch()
    (tmp_path / "b" / "[x].png").touch()
    write_classes(tmp_path / "c", labels="d", count=1)
    listing = listed(tmp_path, exclude=patterns)
    assert [image.name for image in listing.images] == left
    assert listing.excluded == 5 - len(left)
    assert listing.classes == {name[0] for name in left}


def test_links_in_circles_end(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self.png").symlink_to("self.png")
    assert [image.name for image in listed(tmp_path).images] == [
        "a/000.png",
        "a/self.png",
        "a/up/b/000.png",
        "b/000.png",
    ]


def test_a_path_one_level_too_high(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path / "photos", count=1)
    (tmp_path / "__MACOSX").mkdir()
    assert failure(tmp_path) == [
        f"there is only one class in {tmp_path}: photos.",
        f"Class folders seem to be in it: write data.path: {tmp_path}/photos",
    ]


def test_a_path_one_level_too_low(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1)
    assert failure(tmp_path / "a") == [
        f"there is no class folder in {tmp_path}/a.",
        f"It seems to be a class folder itself: write data.path: {tmp_path}",
    ]


@pytest.mark.parametrize("place", ["", "data/train"])
def test_split_folders_one_level_off(
    tmp_path: Path, write_classes: WriteClasses, place: str
) -> None:
    for split in FOLDERS:
        write_classes(tmp_path / "data" / split, count=1)
    assert failure(tmp_path / place, splits=FOLDERS)[1] == (
        f"It is in {tmp_path}/data: write data.path: {tmp_path}/data"
    )


def test_split_folders_beside_others_are_no_classes(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    for folder in ("train", "val", "unlabelled"):
        write_classes(tmp_path / folder, count=1)
    message, hint = failure(tmp_path)
    assert "holds split folders (train/, unlabelled/, val/)" in message
    assert hint.startswith("Write data.splits: {train: train, validation: val, test: {from: ")


def test_linked_class_folders_are_followed(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path / "elsewhere", count=2)
    (tmp_path / "data").mkdir()
    for label in "ab":
        (tmp_path / "data" / label).symlink_to(tmp_path / "elsewhere" / label)
    assert len(listed(tmp_path / "data").images) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1)
    (tmp_path / "a").chmod(0)
    message, _ = failure(tmp_path)
    assert message == f"cannot read the folder {tmp_path}/a: Permission denied."


def test_a_folder_that_vanished(tmp_path: Path, write_classes: WriteClasses) -> None:
    settings = DataSettings(path=str(tmp_path))
    with pytest.raises(IngestError, match="cannot read the folder .*/gone: No such file"):
        list_folders(f"{tmp_path}/gone", settings.splits)


def test_a_class_name_that_cannot_be_a_label(tmp_path: Path, write_classes: WriteClasses) -> None:
    write_classes(tmp_path, count=1)
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    assert failure(tmp_path) == [
        f"the class folder {tmp_path}/caf\\xe9 has control characters in its name, is blank, or "
        "is not UTF-8.",
        "Rename it: its name is the label.",
    ]


@pytest.mark.parametrize(
    ("folders", "suggestion"),
    [
        ("train val test", "{train: train, validation: val, test: test}"),
        (
            "train validation",
            "{train: train, validation: validation, test: {from: validation, fraction: 0.5}}",
        ),
        (
            "training testing",
            "{train: training, validation: {from: train, fraction: 0.15}, test: testing}",
        ),
        (
            "Train",
            "{train: Train, validation: {from: train, fraction: 0.15}, "
            "test: {from: train, fraction: 0.15}}",
        ),
    ],
)
def test_split_folders_taken_for_classes(
    tmp_path: Path, write_classes: WriteClasses, folders: str, suggestion: str
) -> None:
    for folder in folders.split():
        write_classes(tmp_path / folder, count=1)
    message, hint = failure(tmp_path)
    listing = ", ".join(f"{folder}/" for folder in sorted(folders.split()))
    assert (
        message == f"{tmp_path} holds split folders ({listing}), where class folders are expected."
    )
    assert hint == f"Write data.splits: {suggestion}"


def test_classes_where_split_folders_are_expected(
    tmp_path: Path, write_classes: WriteClasses
) -> None:
    write_classes(tmp_path, count=1)
    assert failure(tmp_path, splits=FOLDERS) == [
        f"data.splits.train names the folder 'train', which is not in {tmp_path}.",
        "There are: a/, b/. Write data.splits: {train: 0.7, validation: 0.15, test: 0.15}",
    ]


def test_a_missing_split_folder(tmp_path: Path, write_classes: WriteClasses) -> None:
    for split in ("train", "valid"):
        write_classes(tmp_path / split, count=1)
    assert failure(tmp_path, splits=FOLDERS) == [
        f"data.splits.validation names the folder 'validation', which is not in {tmp_path}.",
        "There are: train/, valid/. Write data.splits: "
        "{train: train, validation: valid, test: {from: validation, fraction: 0.5}}",
    ]


def test_a_split_folder_without_classes(tmp_path: Path, write_classes: WriteClasses) -> None:
    for split in ("train", "validation"):
        write_classes(tmp_path / split, count=1)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "1.png").touch()
    assert failure(tmp_path, splits=FOLDERS)[0] == f"there is no class folder in {tmp_path}/test."
