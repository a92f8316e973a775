"""Tests of the built-in digits sample."""

import collections
import hashlib
import pathlib

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from components.example_gen.sources.digits import DIGITS_COUNT, is_complete, write_digits


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def digits_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The sample, written once; tests must not change it."""
    folder = tmp_path_factory.mktemp("sample") / "digits"
    write_digits(folder)
    return folder


def test_writes_one_folder_per_class_and_every_digit(digits_folder: pathlib.Path) -> None:
    counts = collections.Counter(file.parent.name for file in digits_folder.glob("*/*.png"))
    assert sorted(counts) == list("0123456789")
    assert sum(counts.values()) == DIGITS_COUNT == 1797
    assert is_complete(digits_folder)


def test_images_hold_the_scans_in_full_range(digits_folder: pathlib.Path) -> None:
    digits = load_digits()
    for index in (0, 1, 1796):
        with Image.open(
            digits_folder / str(digits.target[index]) / f"digit_{index:04d}.png"
        ) as image:
            assert (image.mode, image.size, image.format) == ("L", (8, 8), "PNG")
            pixels = np.asarray(image)
        np.testing.assert_array_equal(np.round(pixels / 255 * 16), digits.images[index])


def test_no_image_appears_under_two_labels(digits_folder: pathlib.Path) -> None:
    hashes = [hashlib.sha256(data).hexdigest() for data in _contents(digits_folder).values()]
    assert len(set(hashes)) == DIGITS_COUNT


def test_same_bytes_every_time(digits_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_digits(tmp_path / "again")
    assert _contents(tmp_path / "again") == _contents(digits_folder)


def test_complete_folder_is_left_as_it_is(digits_folder: pathlib.Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in digits_folder.rglob("*")}
    write_digits(digits_folder)
    assert {file: file.stat().st_mtime_ns for file in digits_folder.rglob("*")} == before


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_incomplete_folder_is_written_again(
    digits_folder: pathlib.Path, tmp_path: pathlib.Path, damage: str
) -> None:
    folder = tmp_path / "digits"
    write_digits(folder)
    victim = next(folder.glob("3/*.png"))
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(b"")
    write_digits(folder)
    assert _contents(folder) == _contents(digits_folder)


def test_leaves_nothing_beside_the_folder(tmp_path: pathlib.Path) -> None:
    write_digits(tmp_path / "new" / "digits")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["digits"]


def test_refuses_a_folder_with_other_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(FileExistsError, match="holiday.jpg, which is not part of the sample"):
        write_digits(tmp_path)
    assert (tmp_path / "holiday.jpg").read_bytes() == b"precious"


def test_refuses_a_file_in_place_of_the_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "digits").write_bytes(b"")
    with pytest.raises(FileExistsError, match="is a file; the digits need a folder"):
        write_digits(tmp_path / "digits")
