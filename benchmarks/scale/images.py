"""Any number of images, made from the ones given."""

import io
import os
import random
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path

from PIL import Image, ImageEnhance

from components.errors import UserError
from components.parallel import count_cores

_QUALITY = 85
_CHUNK = 256

# Bytes an image beside its file: what the pipeline stores of it (1.15 of the file at most is
# promised) and features on disk (5 x 5 x 160 floats are 16 kB), with room to spare.
_STORED_SHARE = 1.5
_FEATURE_BYTES = 20_000
_FIXED_BYTES = 1_000_000_000


def find_sources(data: Path) -> list[Path]:
    """Image files in `CLASS/` or `SPLIT/CLASS/`, in a fixed order, the classes in turns.

    Raises:
        UserError: There are none.
    """
    by_class: dict[str, list[Path]] = {}
    for path in sorted(data.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            by_class.setdefault(path.parent.name, []).append(path)
    if not by_class:
        raise UserError(f"--data: {data} has no images (.jpg, .png)")
    # In turns, so that the first few are of all classes.
    turns = zip_longest(*by_class.values())
    return [path for turn in turns for path in turn if path is not None]


def needed_bytes(sources: Sequence[Path], count: int) -> int:
    """Disk that a run over this many images needs, including the images."""
    mean = sum(path.stat().st_size for path in sources) / len(sources)
    return round(count * (mean * (1 + _STORED_SHARE) + _FEATURE_BYTES) + _FIXED_BYTES)


def check_disk(folder: Path, needed: int) -> None:
    """Refuses to start what cannot end.

    Raises:
        UserError: There is not enough free disk.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e9:.1f} GB free; these sizes need {needed / 1e9:.1f} GB",
            "Name smaller --sizes, or another --work.",
        )


def make_images(sources: Sequence[Path], count: int, pool: Path) -> list[Path]:
    """Makes the first `count` images of an endless series; those that exist stay.

    Each is a source, cropped, turned, slightly brightened and encoded again: no two are the same.

    Args:
        sources: As `find_sources` gives them.
        count: How many.
        pool: Where they go, `CLASS/NUMBER.jpg`.
    """
    names = {path.parent.name for path in sources}
    for name in names:
        (pool / name).mkdir(parents=True, exist_ok=True)
    targets = [
        pool / sources[index % len(sources)].parent.name / f"{index:08}.jpg"
        for index in range(count)
    ]
    missing = ((index, path) for index, path in enumerate(targets) if not path.exists())
    chunks = iter(lambda: list(islice(missing, _CHUNK)), [])
    with ProcessPoolExecutor(count_cores()) as workers:
        for _ in workers.map(partial(_make_all, sources), chunks):
            pass
    return targets


def link_images(images: Sequence[Path], folder: Path) -> int:
    """Makes a folder of hard links to images, replacing it; returns their bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    total = 0
    for path in images:
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
        total += path.stat().st_size
    return total


def _make_all(sources: Sequence[Path], chunk: Sequence[tuple[int, Path]]) -> None:
    for index, target in chunk:
        partial_file = target.with_suffix(".partial")
        partial_file.write_bytes(make_image(sources[index % len(sources)], index))
        partial_file.rename(target)


def make_image(source: Path, index: int) -> bytes:
    """One JPEG: the source with small changes that follow from the index."""
    changes = random.Random(index)
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    left, top = (round(changes.uniform(0, 0.08) * side) for side in image.size)
    right, bottom = (round(changes.uniform(0.92, 1) * side) for side in image.size)
    image = image.crop((left, top, right, bottom))
    if changes.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = ImageEnhance.Brightness(image).enhance(changes.uniform(0.8, 1.2))
    output = io.BytesIO()
    image.save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()
