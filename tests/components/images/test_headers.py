"""Headers of TIFFs that would take more to read than they say."""

import struct
import time

import pytest

from components.images.check import Rejected, check_image
from components.images.formats import HeaderError
from components.images.headers import has_more_pages, measure_tiff, measure_webp
from components.images.limits import ImageLimits

Entry = tuple[int, int, int, int]


def tiff(*entries: Entry, following: int = 0, filling: int = 0) -> bytes:
    """A TIFF whose first directory has the entries: tag, type, count, value or offset."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(filling)


SIZE: tuple[Entry, ...] = ((256, 4, 1, 90), (257, 4, 1, 70))


def test_size_and_pages() -> None:
    assert measure_tiff(tiff(*SIZE)) == (90, 70, 6300)
    assert not has_more_pages(tiff(*SIZE))
    assert has_more_pages(tiff(*SIZE, following=100))


def test_tiles_count_as_they_are_decoded() -> None:
    tiled = tiff(*SIZE, (322, 4, 1, 1000), (323, 4, 1, 1000))
    assert measure_tiff(tiled).pixels == 1_000_000


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"II*\0", "malformed"),
        (tiff(), "malformed"),
        (tiff(*SIZE)[:30], "malformed"),
        (tiff(*SIZE, *[(40000 + n, 7, 9000, 0) for n in range(50)], filling=9000), "more than"),
        (tiff(*SIZE, *[(700, 7, 9000, 0)] * 50, filling=9000), "more than the file"),
        (tiff(*SIZE, (273, 4, 200_000, 100), filling=800_000), "200,000 strips"),
    ],
)
def test_a_header_that_asks_for_too_much(contents: bytes, message: str) -> None:
    with pytest.raises(HeaderError, match=message):
        measure_tiff(contents)


def test_directories_of_a_directory_count_once() -> None:
    pointers = [(34665, 4, 1, 8)] * 20_000  # to the directory that they are in
    start = time.process_time()
    assert isinstance(check_image(tiff(*SIZE, *pointers), ImageLimits()), Rejected)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("contents", [b"RIFF....WEBP", b"RIFF....WEBPJUNK" + bytes(20)])
def test_a_webp_without_a_header(contents: bytes) -> None:
    with pytest.raises(HeaderError):
        measure_webp(contents)
