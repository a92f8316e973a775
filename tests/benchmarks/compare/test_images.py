from pathlib import Path

import pytest

from benchmarks.compare.images import prepare_images
from components.errors import UserError


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _source(folder: Path, count: int = 20) -> Path:
    for label in ("cats", "dogs"):
        _write(folder / "train" / label, {"0.jpg": label.encode()})
        images = {f"{index}.jpg": f"{label}{index}".encode() for index in range(count)}
        _write(folder / "validation" / label, images)
    return folder


def _names(folder: Path) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*")}


def test_half_of_validation_becomes_test_class_by_class(tmp_path: Path) -> None:
    counts = prepare_images(_source(tmp_path / "source"), tmp_path / "out")
    assert counts == {"train": 2, "validation": 20, "test": 20}
    test, validation = _names(tmp_path / "out/test"), _names(tmp_path / "out/validation")
    assert not test & validation
    assert len([name for name in test if name.startswith("cats/")]) == 10


def test_same_images_whatever_their_names(tmp_path: Path) -> None:
    source = _source(tmp_path / "source")
    prepare_images(source, tmp_path / "out")
    before = {path.read_bytes() for path in (tmp_path / "out/test").glob("*/*")}
    for path in list((source / "validation").glob("*/*")):
        path.rename(path.with_name(f"renamed-{path.name}"))
    prepare_images(source, tmp_path / "out")
    assert {path.read_bytes() for path in (tmp_path / "out/test").glob("*/*")} == before


def test_copies_of_a_image_stay_together(tmp_path: Path) -> None:
    source = _source(tmp_path / "source", count=5)
    for path in list((source / "validation").glob("*/*")):
        (path.parent / f"copy-{path.name}").write_bytes(path.read_bytes())
    prepare_images(source, tmp_path / "out")
    contents = [
        {path.read_bytes() for path in (tmp_path / "out" / split).glob("*/*")}
        for split in ("validation", "test")
    ]
    assert not contents[0] & contents[1]


def test_test_folder_of_the_source_is_taken(tmp_path: Path) -> None:
    source = _source(tmp_path / "source")
    _write(source / "test" / "cats", {"t.jpg": b"t"})
    counts = prepare_images(source, tmp_path / "out")
    assert counts == {"train": 2, "validation": 40, "test": 1}


def test_source_without_splits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no folder train/"):
        prepare_images(tmp_path, tmp_path / "out")
