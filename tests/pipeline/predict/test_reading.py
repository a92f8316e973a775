"""Reading ahead: what is refused, how batches are cut, and how it ends."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.predict import reading
from pipeline.predict.inputs import Listed
from pipeline.predict.reading import Image, Unreadable, read_batches, read_image
from tests.fakes.models.pushed_model import write_image


@pytest.fixture
def image(tmp_path: Path) -> Listed:
    return Listed(str(write_image(tmp_path / "a.png", "red")))


def test_a_image_is_read_whole(image: Listed) -> None:
    read = read_image(image)
    assert read == Image(image.path, Path(image.path).read_bytes(), 64)


def test_every_fault_has_its_reason(tmp_path: Path) -> None:
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
    assert reason(f"{tmp_path}/empty.png") == "empty_file: 0 bytes"
    assert reason(f"{tmp_path}/words.png").startswith("not_an_image: starts with b'no pictu'")
    assert reason(f"{tmp_path}/cut.png").startswith("undecodable: ")
    assert reason(f"{tmp_path}/circle.png") == "Too many levels of symbolic links"
    assert reason(f"{tmp_path}/huge.png").startswith("too_many_bytes: 1,099,511,627,776 bytes")
    assert reason(f"{tmp_path}/pipe.png") == "is not a regular file"
    assert reason("a\0b") == "embedded null byte"
    assert read_image(Listed("x", "said so")) == Unreadable("x", "said so")


def test_batches_are_full_and_in_order(image: Listed) -> None:
    listed = [Listed("no.png") if index % 7 == 0 else image for index in range(70)]
    batches = list(read_batches(listed))
    assert [len(batch) for batch in batches] == [32, 32, 6]
    read = [one.path for batch in batches for one in batch]
    assert read == [one.path for one in listed]


def test_large_images_come_in_small_batches(image: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BATCH_PIXELS", 200)
    assert [len(batch) for batch in read_batches([image] * 7)] == [3, 3, 1]


def test_no_more_bytes_than_allowed_lie_ahead(
    image: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES_AHEAD", 1)  # One file at a time, for each is larger.
    assert sum(len(batch) for batch in read_batches([image] * 40)) == 40


def test_reading_stays_no_further_ahead_than_it_may(image: Listed) -> None:
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


def test_a_slow_list_does_not_hold_back_what_there_is(image: Listed) -> None:
    is_answered = threading.Event()

    def listed() -> Iterator[Listed]:
        yield image
        # Comes only after the first batch has gone out.
        assert is_answered.wait(300)
        yield image

    batches = read_batches(listed(), patience_seconds=0.05)
    assert len(next(batches)) == 1
    is_answered.set()
    assert [len(batch) for batch in batches] == [1]


def test_a_fault_of_the_list_is_raised(image: Listed) -> None:
    def listed() -> Iterator[Listed]:
        yield image
        raise RuntimeError("out of paths")

    with pytest.raises(RuntimeError, match="out of paths"):
        list(read_batches(listed()))


def test_nothing_makes_no_batch() -> None:
    assert list(read_batches([])) == []
