"""Small copies of test images, embedded in the page."""

import base64
import io
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from components import storage
from components.feature_keys import FILENAME, IMAGE
from components.records import list_record_files, open_records

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

SIZE_PX = 160
_QUALITY = 80
_TILE_PX, _GAP_PX, _COLUMNS = 80, 4, 3
_SMALL_PX = 80
"""Smaller images are enlarged by a whole factor: a digit of 8 pixels would be a dot."""


def read_thumbnails(examples: str, names: Collection[str], split: str = "test") -> dict[str, str]:
    """Thumbnails of some images of a split: data URIs by name, without images it lacks."""
    thumbnails: dict[str, str] = {}
    if not names:
        return thumbnails
    for name, contents in _read_images(examples, split):
        if name in names and name not in thumbnails:
            thumbnails[name] = build_thumbnail(contents)
            if len(thumbnails) == len(names):
                break
    return thumbnails


def build_thumbnail(contents: bytes) -> str:
    """A JPEG of at most 160 x 160 pixels, decoded as the model's images are, as a data URI."""
    from PIL import Image

    from components.images.decode import decode_image

    image = Image.fromarray(decode_image(contents).numpy())
    longest = max(image.size)
    if longest < _SMALL_PX:
        image = image.resize(
            [side * (SIZE_PX // longest) for side in image.size], Image.Resampling.NEAREST
        )
    image.thumbnail((SIZE_PX, SIZE_PX))
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=_QUALITY)
        return data_uri("image/jpeg", file.getvalue())


def build_montage(images: "np.ndarray") -> str:
    """Creates one JPEG of small copies, three in a row.

    Args:
        images: `[images, height, width, 3] uint8`.

    Returns:
        A data URI.
    """
    from PIL import Image

    tiles = [_fit_tile(Image.fromarray(image)) for image in images]
    rows = -(-len(tiles) // _COLUMNS)
    step = _TILE_PX + _GAP_PX
    sheet = Image.new("RGB", (_COLUMNS * step - _GAP_PX, rows * step - _GAP_PX), "white")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        sheet.paste(tile, (column * step, row * step))
    with io.BytesIO() as file:
        sheet.save(file, "JPEG", quality=_QUALITY)
        return data_uri("image/jpeg", file.getvalue())


def _fit_tile(image: "Image") -> "Image":
    from PIL import Image

    longest = max(image.size)
    kind = Image.Resampling.NEAREST if longest < _TILE_PX else Image.Resampling.LANCZOS
    return image.resize([round(side * _TILE_PX / longest) for side in image.size], kind)


def data_uri(kind: str, contents: bytes) -> str:
    """A file as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(contents).decode()}"


def _read_images(examples: str, split: str) -> Iterator[tuple[str, bytes]]:
    import tensorflow as tf

    files = list_record_files(storage.join(examples, f"Split-{split}"))
    for record in open_records(files).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        [name] = feature[FILENAME].bytes_list.value or [b""]
        [contents] = feature[IMAGE].bytes_list.value or [b""]
        yield name.decode("utf-8", "replace"), contents
