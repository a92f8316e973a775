"""Formats that are known by name, and kinds of JPEG that are."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from components.images.check import Rejected, check_image
from components.images.limits import ImageLimits
from components.images.other_formats import detect_other_format

LIMITS = ImageLimits()
IMAGE = Image.new("RGB", (20, 10), (9, 99, 200))


def save(image_format: str, **options: object) -> bytes:
    buffer = BytesIO()
    IMAGE.save(buffer, image_format, **options)
    return buffer.getvalue()


def ftyp(*brands: bytes) -> bytes:
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I", 4 + len(box)) + box + bytes(40)


@pytest.mark.parametrize(
    ("contents", "name"),
    [
        (save("PPM"), "PPM"),
        (save("TGA"), "TGA"),
        (save("JPEG2000"), "JPEG 2000"),
        (save("TIFF", big_tiff=True), "BigTIFF"),
        (b"%PDF-1.7 beside the photos", None),
        (b"<svg xmlns=''/>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>", "SVG"),
        (b"8BPS and more", "Photoshop"),
        (ftyp(b"qt  "), "MP4 or QuickTime"),
        (ftyp(b"isom", b"iso2", b"mp41"), "MP4 or QuickTime"),
        (ftyp(b"crx ", b"isom"), "camera raw"),
        (ftyp(b"mif1", b"heic"), "HEIC"),
        (ftyp(b"mif1", b"avif", b"miaf"), "AVIF"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
        (b"hello, P6 is not an image", None),
        (b"<html><svg/></html>", None),
        (b"", None),
    ],
)
def test_names(contents: bytes, name: str | None) -> None:
    assert detect_other_format(contents) == name


def tiff_with(tag: int, value: int) -> bytes:
    """Pillow's TIFF with another tag in place of a private one."""
    contents = bytearray(save("TIFF", tiffinfo={65000: 7}))
    at = contents.index(struct.pack("<H", 65000))
    contents[at : at + 12] = struct.pack("<HHII", tag, 4, 1, value)
    return bytes(contents)


@pytest.mark.parametrize(("tag", "value"), [(254, 1), (50706, 0x00000401)])
def test_a_preview_of_a_raw_file_is_not_trained_on(tag: int, value: int) -> None:
    verdict = check_image(tiff_with(tag, value), LIMITS)
    assert isinstance(verdict, Rejected)
    assert verdict.message.startswith("unsupported format: camera raw (a TIFF whose first page")


@pytest.mark.parametrize(
    ("marker", "bits", "message"),
    [
        (0xC0, 12, "a JPEG of 12 bits a channel; save it as 8-bit JPEG or PNG"),
        (0xC1, 12, "a JPEG of 12 bits a channel; save it as 8-bit JPEG or PNG"),
        (0xC3, 8, "a lossless or hierarchical JPEG; save it as 8-bit JPEG or PNG"),
    ],
)
def test_kinds_of_jpeg(marker: int, bits: int, message: str) -> None:
    contents = bytearray(save("JPEG"))
    at = contents.index(b"\xff\xc0")
    contents[at + 1], contents[at + 4] = marker, bits
    assert check_image(bytes(contents), LIMITS) == Rejected("unsupported_format", message)


def test_frames_of_a_gif_are_said() -> None:
    contents = save("GIF", save_all=True, append_images=[IMAGE.rotate(90), IMAGE.rotate(20)])
    verdict = check_image(contents, ImageLimits(max_image_pixels=300))
    assert isinstance(verdict, Rejected)
    assert verdict.detail.startswith("20 x 10 in ")
    assert "frames, " in verdict.detail
