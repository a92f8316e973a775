"""Images to ask about: real ones out of the examples, and broken ones made from them."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import tensorflow as tf
from PIL import Image

from components.feature_keys import FORMAT, HEIGHT, IMAGE, WIDTH
from components.images.decode import decode_image
from components.records import list_record_files, open_records

UNDECODABLE = ("an empty file", "a file that is no image", "a truncated image")
"""Kinds of what cannot be decoded, see `spoil`."""
# Enough to find every format; few enough to be read in a second.
_LOOK_AT = 1000


class SampleImage(NamedTuple):
    """An image of the examples."""

    contents: bytes
    """The file's bytes."""
    kind: tuple[str, int, int]
    """Format, height and width, as the example tells them."""


def read_split(folder: str) -> Iterator[SampleImage]:
    """Reads the images of one split, in the order in which the Trainer does.

    Args:
        folder: The split's folder in an Examples artifact.
    """
    for record in open_records(list_record_files(folder)).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        formats = features[FORMAT].bytes_list.value
        sizes = [features[side].int64_list.value for side in (HEIGHT, WIDTH)]
        height, width = (values[0] if values else 0 for values in sizes)
        name = formats[0].decode() if formats else ""
        yield SampleImage(features[IMAGE].bytes_list.value[0], (name, height, width))


def choose_various(images: Iterable[SampleImage], count: int) -> list[bytes]:
    """Takes images that differ: first of each format, then of each size, then any.

    Args:
        images: To choose from; the first thousand are looked at.
        count: How many to take at most.
    """
    formats, kinds, ranked = set(), set(), []
    for contents, kind in islice(images, _LOOK_AT):
        rank = 0 if kind[0] not in formats else 1 if kind not in kinds else 2
        formats.add(kind[0])
        kinds.add(kind)
        ranked.append((rank, contents))
    return [contents for _, contents in sorted(ranked, key=lambda pair: pair[0])[:count]]


def find_by_hash(images: Iterable[SampleImage], sha256: Sequence[str]) -> list[bytes] | None:
    """Finds images by the hashes of their bytes, in the hashes' order.

    Returns:
        Their contents; None if one is missing.
    """
    wanted, found = set(sha256), {}
    for image in images:
        digest = hashlib.sha256(image.contents).hexdigest()
        if digest in wanted:
            found[digest] = image.contents
        if len(found) == len(wanted):
            break
    return [found[digest] for digest in sha256] if len(found) == len(wanted) else None


def encode_otherwise(contents: bytes) -> Iterator[bytes]:
    """One image in every format that is served, in colour and gray, large, narrow and tiny."""
    image = _open(contents)
    # 17 pixels: rows of a BMP are filled up to 4 bytes, so that odd widths are a case of their own.
    narrow, tiny = image.resize((17, 300)), image.resize((1, 1))
    alpha = image.convert("RGBA")
    alpha.putalpha(128)
    yield contents
    yield _encode(image, "JPEG")
    yield _encode(image.resize((640, 480)).convert("L"), "JPEG")
    yield _encode(alpha, "PNG")
    yield _encode(narrow.convert("L"), "PNG")
    yield _encode(tiny, "PNG")
    yield _encode(image, "GIF")
    yield _encode(narrow, "BMP")


def spoil(contents: bytes) -> dict[str, bytes]:
    """What cannot be decoded, of each kind: the last one is half of the image."""
    whole = _encode(_open(contents), "PNG")
    return dict(zip(UNDECODABLE, (b"", b"This is text.", whole[: len(whole) // 2]), strict=True))


def _open(contents: bytes) -> Image.Image:
    # Not by Pillow: of the images that are served, it refuses some.
    return Image.fromarray(decode_image(tf.constant(contents)).numpy())


def _encode(image: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name)
    return buffer.getvalue()
