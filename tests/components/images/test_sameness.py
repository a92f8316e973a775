"""Which files show the same image, exactly or nearly."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from components.images.check import Sound, check_and_decode
from components.images.limits import ImageLimits
from components.images.sameness import Decoded, hash_look, hash_pixels
from tests.fakes.image_data import draw_clouds

EXIF_ORIENTATION = 0x0112


def save(image: Image.Image, image_format: str = "JPEG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return exif


def decode(contents: bytes) -> Decoded:
    sound = check_and_decode(contents, ImageLimits())
    assert isinstance(sound, Sound)
    return sound.decoded


def pixels(contents: bytes) -> str:
    return hash_pixels(contents, decode(contents))


def look(contents: bytes) -> int:
    found = hash_look(decode(contents))
    assert found is not None
    return found


def distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "MPO"])
def test_metadata_do_not_matter(image_format: str) -> None:
    image = draw_clouds(1)
    plain = save(image, image_format)
    copies = [
        save(image, image_format, exif=oriented(1), dpi=(7, 7)),
        save(image, image_format, comment="a" * 999, icc_profile=b"b" * 999),
    ]
    assert plain not in copies
    assert {pixels(copy) for copy in copies} == {pixels(plain)}


def test_lossless_formats_of_the_same_pixels() -> None:
    image = draw_clouds(1)
    formats = [("PNG", {"compress_level": 9}), ("PNG", {"compress_level": 1}), ("BMP", {})]
    formats += [("WEBP", {"lossless": True}), ("TIFF", {})]
    assert len({pixels(save(image, name, **options)) for name, options in formats}) == 1


def test_other_pixels_are_no_copies() -> None:
    image = draw_clouds(1)
    files = [
        save(image),
        save(image, quality=74),
        save(image, exif=oriented(6)),
        save(image.convert("L")),
        save(ImageOps.mirror(image)),
        save(image, "PNG"),
        save(image.convert("CMYK")),
    ]
    # Two textures whose blocks have the same mean: a JPEG reduced to an eighth shows no more.
    y, x = np.mgrid[0:256, 0:256] // 2 % 2 * 255
    files += [save(Image.fromarray(stripes.astype(np.uint8))) for stripes in (y, x)]
    assert len({pixels(file) for file in files}) == len(files)


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "compressed": lambda image: save(image, quality=30),
    "half": lambda image: save(image.resize((150, 101))),
    "other shape": lambda image: save(image.resize((224, 224))),
    "larger": lambda image: save(image.resize((600, 406))),
    "PNG": lambda image: save(image, "PNG"),
    "WebP": lambda image: save(image, "WEBP", quality=50),
    "gray": lambda image: save(image.convert("L")),
    "lighter": lambda image: save(image.point(lambda value: min(255, int(value * 1.15)))),
    "cropped": lambda image: save(image.crop((3, 2, 297, 201))),
    "turned by EXIF": lambda image: save(
        image.transpose(Image.Transpose.ROTATE_90), exif=oriented(6)
    ),
    "PNG turned by EXIF": lambda image: save(
        image.transpose(Image.Transpose.ROTATE_180), "PNG", exif=oriented(3)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_look_alike(change: str) -> None:
    for seed in range(5):
        image = draw_clouds(seed)
        assert distance(look(save(image)), look(CHANGES[change](image))) <= 8


def test_other_images_look_different() -> None:
    looks = [look(save(draw_clouds(seed))) for seed in range(30)]
    distances = [distance(one, other) for i, one in enumerate(looks) for other in looks[:i]]
    assert min(distances) > 10


def test_small_and_blank_images_have_no_look() -> None:
    assert hash_look(decode(save(draw_clouds(1, (31, 200))))) is None
    assert hash_look(decode(save(Image.new("RGB", (100, 100), (200, 190, 180))))) is None
    assert hash_look(decode(save(draw_clouds(1, (32, 200))))) is not None


@pytest.mark.slow
def test_real_photos_look_different(shared_dir: Path) -> None:
    files = sorted((shared_dir / "data" / "cats_vs_dogs").rglob("*.jpg"))[:400]
    looks = [look(file.read_bytes()) for file in files]
    near = [(i, j) for i, one in enumerate(looks) for j in range(i) if distance(one, looks[j]) <= 8]
    assert near == []
