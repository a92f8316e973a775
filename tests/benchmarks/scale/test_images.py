import io
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.scale.images import (
    check_disk,
    find_sources,
    link_images,
    make_image,
    make_images,
    needed_bytes,
)
from components.errors import UserError


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    for label, colour in (("blue", (0, 0, 200)), ("red", (200, 0, 0))):
        folder = tmp_path / "data" / "train" / label
        folder.mkdir(parents=True)
        Image.new("RGB", (60, 40), colour).save(folder / f"{label}.jpg")
    return find_sources(tmp_path / "data")


def test_sources_are_of_all_classes_from_the_first_on(tmp_path: Path) -> None:
    for label, count in (("a", 3), ("b", 1)):
        (tmp_path / label).mkdir()
        for index in range(count):
            (tmp_path / label / f"{label}{index}.jpg").touch()
    names = [path.stem for path in find_sources(tmp_path)]
    assert names == ["a0", "b0", "a1", "a2"]


def test_each_image_follows_from_its_number(sources: list[Path]) -> None:
    assert make_image(sources[0], 4) == make_image(sources[0], 4)
    assert make_image(sources[0], 4) != make_image(sources[0], 6)
    with Image.open(io.BytesIO(make_image(sources[0], 4))) as image:
        assert image.format == "JPEG"
        assert 50 <= image.width <= 60


def test_a_larger_size_keeps_the_images_of_a_smaller_one(
    sources: list[Path], tmp_path: Path
) -> None:
    few = make_images(sources, 6, tmp_path / "pool")
    times = [path.stat().st_mtime_ns for path in few]
    many = make_images(sources, 10, tmp_path / "pool")
    assert many[:6] == few
    assert [path.stat().st_mtime_ns for path in few] == times
    assert len({path.read_bytes() for path in many}) == 10
    assert {path.parent.name for path in many} == {"blue", "red"}


def test_a_size_is_a_folder_of_links(sources: list[Path], tmp_path: Path) -> None:
    images = make_images(sources, 5, tmp_path / "pool")
    total = link_images(images, tmp_path / "five")
    found = list((tmp_path / "five").glob("*/*.jpg"))
    assert len(found) == 5
    assert sum(path.stat().st_size for path in found) == total
    link_images(images[:2], tmp_path / "five")
    assert len(list((tmp_path / "five").glob("*/*.jpg"))) == 2


def test_too_little_disk_is_reported_before_anything_starts(
    sources: list[Path], tmp_path: Path
) -> None:
    check_disk(tmp_path, 1)
    with pytest.raises(UserError, match=r"GB free; these sizes need \d{5,}"):
        check_disk(tmp_path, needed_bytes(sources, 10**10))


def test_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no images"):
        find_sources(tmp_path)
