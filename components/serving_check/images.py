"""Images to check with: real ones from the examples, and broken ones made from them."""

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

UNDECODABLE = ("an empty file", "a file that is not an image", "a truncated image")
"""Kinds of undecodable files, see `make_undecodable`."""
# Enough to find every format; few enough to be read in a second.
_CANDIDATES = 1000


class SampleImage(NamedTuple):
    """An image of the examples."""

    contents: bytes
    """The file's bytes."""
    kind: tuple[str, int, int]
    """Format, height and width, as in the example."""


def read_split(folder: str) -> Iterator[SampleImage]:
    """Reads the images of one split, in the order in which the Trainer reads them."""
    for record in open_records(list_record_files(folder)).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        formats = features[FORMAT].bytes_list.value
        sizes = [features[side].int64_list.value for side in (HEIGHT, WIDTH)]
        height, width = (values[0] if values else 0 for values in sizes)
        name = formats[0].decode() if formats else ""
        yield SampleImage(features[IMAGE].bytes_list.value[0], (name, height, width))


def choose_various(images: Iterable[SampleImage], count: int) -> list[bytes]:
    """Chooses images that differ: first of each format, then of each size, then any.

    Only the first thousand are considered.
    """
    formats, kinds, ranked = set(), set(), []
    for contents, kind in islice(images, _CANDIDATES):
        rank = 0 if kind[0] not in formats else 1 if kind not in kinds else 2
        formats.add(kind[0])
        kinds.add(kind)
        ranked.append((rank, contents))
    return [contents for _, contents in sorted(ranked, key=lambda pair: pair[0])[:count]]


def find_by_hash(images: Iterable[SampleImage], sha256: Sequence[str]) -> list[bytes] | None:
    """Contents of images with these hashes, in the hashes' order; None if one is missing."""
    wanted, by_hash = set(sha256), {}
    for image in images:
        digest = hashlib.sha256(image.contents).hexdigest()
        if digest in wanted:
            by_hash[digest] = image.contents
        if len(by_hash) == len(wanted):
            break
    return [by_hash[digest] for digest in sha256] if len(by_hash) == len(wanted) else None


def encode_variants(contents: bytes) -> Iterator[bytes]:
    """Encodes one image in every supported format, in colour and grayscale, large and tiny."""
    image = _open(contents)
    # 17 pixels: rows of a BMP are padded to 4 bytes, so odd widths are a separate case.
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


def make_undecodable(contents: bytes) -> dict[str, bytes]:
    """One undecodable file of each kind; the truncated one is half of the image."""
    whole = _encode(_open(contents), "PNG")
    return dict(zip(UNDECODABLE, (b"", b"This is text.", whole[: len(whole) // 2]), strict=True))


def _open(contents: bytes) -> Image.Image:
    # Not with Pillow, which rejects some of the supported images.
    return Image.fromarray(decode_image(tf.constant(contents)).numpy())


def _encode(image: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name)
    return buffer.getvalue()
