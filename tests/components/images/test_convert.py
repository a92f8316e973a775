"""WebP, TIFF, AVIF and HEIC, as Pillow and pillow-heif write them, converted to PNG."""

import random
import struct
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
import tensorflow as tf
from PIL import Image

from components.images.check import Accepted, Rejected, check_image
from components.images.convert import decodable
from components.images.decode import decode_image
from components.images.limits import ImageLimits

pillow_heif.register_heif_opener()

LIMITS = ImageLimits()
ORIENTATION = 0x0112
TRANSPOSE = Image.Transpose
STORED_AS = {  # what is turned upright by each orientation, as a camera stores it
    1: None,
    2: TRANSPOSE.FLIP_LEFT_RIGHT,
    3: TRANSPOSE.ROTATE_180,
    4: TRANSPOSE.FLIP_TOP_BOTTOM,
    5: TRANSPOSE.TRANSPOSE,
    6: TRANSPOSE.ROTATE_90,
    7: TRANSPOSE.TRANSVERSE,
    8: TRANSPOSE.ROTATE_270,
}
Options = dict[str, object]
LOSSLESS: dict[str, Options] = {"WebP": {"lossless": True}, "TIFF": {"compression": "tiff_lzw"}}
LOSSY: dict[str, Options] = {name: {"quality": 95} for name in ("WebP", "AVIF", "HEIC")}
FORMATS = ["WebP", "TIFF", "AVIF", "HEIC"]


def encode(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, {"HEIC": "HEIF"}.get(name, name.upper()), **options)
    return buffer.getvalue()


def draw(width: int = 56, height: int = 40, step: int = 0) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 4 + step, y * 6, (x + y) * 2], axis=-1)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def decode(contents: bytes) -> npt.NDArray[np.int64]:
    """What the model sees; height and width are those that the check found."""
    verdict = check_image(contents, LIMITS)
    assert isinstance(verdict, Accepted), verdict
    pixels = decode_image(tf.constant(decodable(contents))).numpy()
    assert (verdict.format, *pixels.shape) == ("png", verdict.height, verdict.width, 3)
    return pixels.astype(int)


def options(name: str) -> dict[str, object]:
    return {**LOSSY, **LOSSLESS}[name]


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("name", FORMATS)
def test_orientation_is_applied(name: str, orientation: int) -> None:
    turn = STORED_AS[orientation]
    stored = draw() if turn is None else draw().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels = decode(encode(stored, name, exif=exif.tobytes(), **options(name)))
    assert pixels.shape == (40, 56, 3)
    assert np.abs(pixels - np.asarray(draw())).mean() < 2


@pytest.mark.parametrize(("name", "how"), LOSSLESS.items())
def test_lossless_images_are_exact(name: str, how: dict[str, object]) -> None:
    np.testing.assert_array_equal(decode(encode(draw(), name, **how)), np.asarray(draw()))


@pytest.mark.parametrize("name", FORMATS)
def test_every_size_and_encoding_again(name: str) -> None:
    for size in ((1, 1), (1, 9), (17, 3), (33, 64)):
        image = draw().crop((0, 0, *size))
        again = encode(image, name, **options(name))
        with Image.open(BytesIO(again)) as opened:
            expected = np.asarray(opened.convert("RGB"))
        np.testing.assert_array_equal(decode(again), expected)
        assert decodable(again) == decodable(again)


MODES: dict[str, Callable[[], Image.Image]] = {
    "1": lambda: draw().convert("1"),
    "L": lambda: draw().convert("L"),
    "LA": lambda: draw().convert("LA"),
    "P": lambda: draw().quantize(64),
    "CMYK": lambda: draw().convert("CMYK"),
    "RGBX": lambda: draw().convert("RGBX"),
}


@pytest.mark.parametrize("mode", MODES)
def test_pixel_layouts_of_tiff(mode: str) -> None:
    image = MODES[mode]()
    for compression in ("raw", "tiff_deflate"):
        pixels = decode(encode(image, "TIFF", compression=compression))
        np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


def test_16_bits_are_scaled_to_8() -> None:
    gray = (np.arange(40 * 56).reshape(40, 56) * 29).astype(np.uint16)
    pixels = decode(encode(Image.fromarray(gray), "TIFF"))
    np.testing.assert_array_equal(pixels[..., 1], gray >> 8)
    inverted = bytearray(encode(Image.fromarray(gray), "TIFF"))
    at = inverted.index(struct.pack("<HHIHH", 262, 3, 1, 1, 0))
    inverted[at + 8] = 0  # white is zero
    np.testing.assert_array_equal(decode(bytes(inverted))[..., 1], 255 - (gray >> 8))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pixels_without_a_range_are_refused(mode: str) -> None:
    verdict = check_image(encode(draw().convert("L").convert(mode), "TIFF"), LIMITS)
    assert isinstance(verdict, Rejected)
    assert verdict.message == (
        f"unsupported pixels: TIFF: pixels of Pillow's mode {mode} are not converted; "
        "save it as PNG"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_of_frames_and_pages_the_first(name: str) -> None:
    more = [draw(step=90), draw(step=45)]
    contents = encode(draw(), name, save_all=True, append_images=more, **options(name))
    verdict = check_image(contents, LIMITS)
    assert verdict == Accepted("png", 40, 56, name, has_more_frames=True)
    assert np.abs(decode(contents) - np.asarray(draw())).mean() < 2


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_cut_off_or_changed_is_refused_in_a_sentence_or_decodes(name: str) -> None:
    contents = encode(draw(), name, **options(name))
    chance = random.Random(name)
    for share in (0.3, 0.6, 0.8, 0.95):
        verdict = check_image(contents[: int(len(contents) * share)], LIMITS)
        assert isinstance(verdict, Rejected), share
        assert verdict.reason == "undecodable"
        assert name in verdict.detail
        assert "\n" not in verdict.detail
    for _ in range(40):
        changed = bytearray(contents)
        for _ in range(chance.choice([1, 4, 30])):
            changed[chance.randrange(12, len(changed))] = chance.randrange(256)
        verdict = check_image(bytes(changed), LIMITS)
        if isinstance(verdict, Accepted):
            decode(bytes(changed))
        else:
            assert verdict.detail.count("\n") == 0


def patched(contents: bytes, marker: bytes, offset: int, size: bytes) -> bytes:
    """Another size after every marker."""
    changed = bytearray(contents)
    at = contents.index(marker)
    while at >= 0:
        changed[at + offset : at + offset + len(size)] = size
        at = contents.find(marker, at + 1)
    return bytes(changed)


BOMBS: dict[str, Callable[[], bytes]] = {
    "WebP lossless": lambda: patched(
        encode(draw(), "WebP", lossless=True), b"VP8L", 9, b"\xff\xff\xff\x0f"
    ),
    "WebP": lambda: patched(encode(draw(), "WebP"), b"VP8 ", 14, b"\xff\x3f\xff\x3f"),
    "WebP animated": lambda: patched(
        encode(draw(), "WebP", save_all=True, append_images=[draw(step=50)]),
        b"VP8X",
        12,
        b"\xff\x3f\x00\xff\x3f\x00",
    ),
    "TIFF": lambda: patched(
        patched(encode(draw(), "TIFF"), struct.pack("<HHI", 256, 4, 1), 8, b"\xff\xff"),
        struct.pack("<HHI", 257, 4, 1),
        8,
        b"\xff\xff",
    ),
    "AVIF": lambda: patched(encode(draw(), "AVIF"), b"ispe", 8, struct.pack(">II", 16000, 16000)),
    "HEIC": lambda: patched(
        encode(draw(64, 64), "HEIC"), b"ispe", 8, struct.pack(">II", 16000, 16000)
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_decompression_bomb_is_refused_from_its_header(kind: str) -> None:
    contents = BOMBS[kind]()
    start = time.process_time()
    verdict = check_image(contents, LIMITS)
    assert time.process_time() - start < 0.1
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "too_many_pixels", verdict
    assert verdict.detail.startswith(f"{kind.split()[0]}: 1" if "TIFF" not in kind else "TIFF: 65")
    assert "pixels to decode; data.max_image_pixels is 64,000,000" in verdict.detail


def test_limits_hold_for_the_png_as_well() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    contents = encode(Image.fromarray(noise), "WebP", quality=1)
    size = len(decodable(contents))
    assert len(contents) < size - 1
    verdict = check_image(contents, ImageLimits(max_image_bytes=size - 1))
    assert verdict == Rejected(
        "too_many_bytes", f"WebP: {size:,} bytes as PNG; data.max_image_bytes is {size - 1:,}"
    )
    assert isinstance(check_image(contents, ImageLimits(max_image_bytes=size)), Accepted)


def test_other_files_stay_as_they_are() -> None:
    contents = encode(draw(), "PNG")
    assert decodable(contents) is contents
