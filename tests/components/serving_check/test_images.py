"""Which images are used, and which ones are made from them."""

import hashlib

import pytest
import tensorflow as tf

from components.images.decode import decode_image
from components.serving_check.images import (
    UNDECODABLE,
    SampleImage,
    choose_various,
    encode_variants,
    find_by_hash,
    make_undecodable,
    read_split,
)
from tests.fakes.models.mean_colour import make_image


def test_reads_images_with_their_kind(examples: object) -> None:
    images = list(read_split(f"{examples.uri}/Split-test"))  # type: ignore[attr-defined]
    assert [image.kind for image in images] == [
        ("png", 20, 10), ("png", 20, 11), ("jpeg", 20, 12), ("bmp", 20, 13), ("gif", 20, 14),
    ]  # fmt: skip
    assert images[0].contents == make_image(0, "PNG", (20, 10))


def test_chooses_images_that_differ() -> None:
    kinds = [("jpeg", 10, 10)] * 5 + [("jpeg", 20, 20), ("png", 10, 10)]
    images = [SampleImage(b"%d" % number, kind) for number, kind in enumerate(kinds)]
    assert choose_various(images, 3) == [b"0", b"6", b"5"]
    assert choose_various(images, 4) == [b"0", b"6", b"5", b"1"]
    assert len(choose_various(images, 32)) == 7


def test_finds_images_in_the_order_of_their_hashes() -> None:
    images = [SampleImage(b"%d" % number, ("png", 1, 1)) for number in range(5)]
    hashes = [hashlib.sha256(contents).hexdigest() for contents in (b"3", b"1", b"3")]
    assert find_by_hash(images, hashes) == [b"3", b"1", b"3"]
    assert find_by_hash(images[:2], hashes) is None


@pytest.mark.parametrize("name", ["PNG", "JPEG", "BMP", "GIF"])
def test_one_image_in_every_format(name: str) -> None:
    encoded = list(encode_variants(make_image(1, name)))
    signatures = {contents[:3] for contents in encoded}
    assert signatures >= {b"\xff\xd8\xff", b"\x89PN", b"GIF"}
    assert any(contents.startswith(b"BM") for contents in encoded)
    shapes = {tuple(decode_image(tf.constant(contents)).shape) for contents in encoded}
    assert shapes == {(20, 20, 3), (480, 640, 3), (300, 17, 3), (1, 1, 3)}


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (300, 200)])
def test_undecodable_files_cannot_be_decoded(size: tuple[int, int]) -> None:
    undecodable = make_undecodable(make_image(1, size=size))
    assert tuple(undecodable) == UNDECODABLE
    for contents in undecodable.values():
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode_image(tf.constant(contents))
