"""Reading ahead: rejected files, the sizes of batches, and the end of the list."""

import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from components.images.limits import ImageLimits
from pipeline.predict import reading
from pipeline.predict.inputs import Listed
from pipeline.predict.reading import Image, Unreadable, read_batches, read_image
from tests.fakes.models.pushed_model import write_image


@pytest.fixture
def image(tmp_path: Path) -> Listed:
    return Listed(str(write_image(tmp_path / "a.png", "red")))


def test_an_image_is_read_whole(image: Listed) -> None:
    read = read_image(image)
    assert read == Image(image.path, Path(image.path).read_bytes(), 64)


def test_what_the_model_cannot_decode_is_converted(image: Listed, tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    with Pillow.open(image.path) as opened:
        opened.save(path, lossless=True)
    read = read_image(Listed(str(path)))
    assert isinstance(read, Image)
    with Pillow.open(image.path) as expected, Pillow.open(BytesIO(read.contents)) as converted:
        assert converted.format == "PNG"
        assert list(converted.getdata()) == list(expected.convert("RGB").getdata())


def test_every_error_has_a_reason(tmp_path: Path) -> None:
    def reason(path: str) -> str:
        read = read_image(Listed(path))
        assert isinstance(read, Unreadable) and read.path == path
        return read.reason

    (tmp_path / "empty.png").touch()
    (tmp_path / "words.png").write_text("no image")
    (tmp_path / "cut.png").write_bytes(write_image(tmp_path / "a.png", "red").read_bytes()[:90])
    (tmp_path / "circle.png").symlink_to("circle.png")
    with (tmp_path / "huge.png").open("wb") as huge:
        huge.truncate(2**40)
    os.mkfifo(tmp_path / "pipe.png")
    assert reason(f"{tmp_path}/no.png") == "there is no such file"
    assert reason(f"{tmp_path}/empty.png") == "empty file: 0 bytes"
    assert reason(f"{tmp_path}/words.png").startswith("not an image: starts with b'no image'")
    assert reason(f"{tmp_path}/cut.png").startswith("undecodable: ")
    assert reason(f"{tmp_path}/circle.png") == "Too many levels of symbolic links"
    assert reason(f"{tmp_path}/huge.png").startswith("too many bytes: 1,099,511,627,776 bytes")
    assert reason(f"{tmp_path}/pipe.png") == "is a named pipe, not a regular file"
    assert reason("a\0b") == "embedded null byte"
    assert read_image(Listed("x", "unreadable")) == Unreadable("x", "unreadable")


def test_batches_are_full_and_in_order(image: Listed) -> None:
    listed = [Listed("no.png") if index % 7 == 0 else image for index in range(70)]
    batches = list(read_batches(listed))
    assert [len(batch) for batch in batches] == [32, 32, 6]
    read = [one.path for batch in batches for one in batch]
    assert read == [one.path for one in listed]


def test_large_images_make_small_batches(image: Listed) -> None:
    limits = ImageLimits(max_image_pixels=200)
    assert [len(batch) for batch in read_batches([image] * 7, limits)] == [3, 3, 1]


def test_the_limits_are_kept(image: Listed) -> None:
    read = read_image(image, ImageLimits(max_image_pixels=63))
    assert isinstance(read, Unreadable) and read.reason.startswith("too many pixels: ")
    read = read_image(image, ImageLimits(max_image_bytes=9))
    assert isinstance(read, Unreadable) and read.reason.startswith("too many bytes: ")


def test_a_file_larger_than_the_byte_limit_is_read_alone(
    image: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES_AHEAD", 1)
    assert sum(len(batch) for batch in read_batches([image] * 40)) == 40


def test_the_number_of_files_read_ahead_is_limited(image: Listed) -> None:
    taken = 0

    def listed() -> Iterator[Listed]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield image

    batches = read_batches(listed())
    next(batches)
    batches.close()
    assert taken <= 32 + 1 + reading.MAX_AHEAD + 2


def test_a_slow_list_does_not_delay_the_files_before(image: Listed) -> None:
    is_received = threading.Event()

    def listed() -> Iterator[Listed]:
        yield image
        # Continues only after the first batch was received.
        assert is_received.wait(300)
        yield image

    batches = read_batches(listed(), max_wait_seconds=0.05)
    assert len(next(batches)) == 1
    is_received.set()
    assert [len(batch) for batch in batches] == [1]


def test_an_error_of_the_list_is_raised(image: Listed) -> None:
    def listed() -> Iterator[Listed]:
        yield image
        raise RuntimeError("out of paths")

    with pytest.raises(RuntimeError, match="out of paths"):
        list(read_batches(listed()))


def test_no_files_make_no_batch() -> None:
    assert list(read_batches([])) == []
