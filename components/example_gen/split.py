"""Which split an image belongs to: that of a hash of its bytes, unless its class needs another.

Copies of one image share a split. Where the hashes of a class leave too few of its images to a
split, the border of that split moves for this class: the images whose hash lies nearest go there,
and return once there are enough. All other images keep their split when some come or go, unless
they get a copy or a near-duplicate with an earlier hash. Nothing but the data decides.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from components.example_gen.sources.split_settings import SPLIT_NAMES, Carve, SplitSettings


class Unit(NamedTuple):
    """Images that share a split."""

    key: str
    """What is hashed: for an image and its copies the hex digest of their bytes."""
    images: Mapping[str, int]
    """How many images of each class there are."""


class _Placed(NamedTuple):
    """A unit on the line from 0 to 1 on which each split has a part."""

    position: float
    unit: Unit


def hash_to_unit(key: str) -> float:
    """Maps an image to a number in [0, 1), uniformly.

    Args:
        key: Hex digest of the image's bytes. It is hashed again, so that what sorts or shards
            images by their digest is independent of their split.
    """
    digest = hashlib.sha256(f"split:{key}".encode()).digest()
    # 53 bits is what a float holds exactly; more could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def assign_splits(
    units: Iterable[Unit], splits: SplitSettings, given_split: str | None, least: int
) -> dict[str, str]:
    """Names the split of every image.

    Args:
        units: The images, each key once, in any order.
        splits: The `data.splits` section.
        given_split: The split that the data give to all of them; None where splits are fractions.
        least: Fewest images of each class in each split. A class that has not enough for all
            splits is divided by the hashes alone.

    Returns:
        Key to `train`, `validation` or `test`.
    """
    shares, rest = _shares(splits, given_split)
    waiting = sorted(_Placed(hash_to_unit(unit.key), unit) for unit in units)
    reserves = _reserve(waiting, len(shares) + 1, least)
    assigned: dict[str, str] = {}
    border = 0.0
    for later, (name, share) in zip(range(len(shares), 0, -1), shares.items(), strict=True):
        border += share
        ends = {label: starts[later - 1] for label, starts in reserves.items()}
        taken = _take(waiting, border, ends, least)
        assigned |= dict.fromkeys(taken, name)
        waiting = [placed for placed in waiting if placed.unit.key not in taken]
    return assigned | {placed.unit.key: rest for placed in waiting}


def _take(
    waiting: Iterable[_Placed], border: float, ends: Mapping[str, _Placed], least: int
) -> set[str]:
    """Takes what lies before the border of a split, and beyond it what a class has too few of.

    Args:
        waiting: What no split has yet, in order.
        border: Where the split ends.
        ends: The first that later splits need, for each class that has enough for all.
        least: Fewest images of each class.

    Returns:
        The keys of what the split gets.
    """
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    for placed in waiting:
        labels = [label for label in placed.unit.images if label in ends]
        is_short = any(counts[label] < least for label in labels)
        is_free = all(placed < ends[label] for label in labels)
        if is_free and (placed.position < border or is_short):
            taken.add(placed.unit.key)
            counts.update(placed.unit.images)
    return taken


def _reserve(units: Sequence[_Placed], parts: int, least: int) -> dict[str, list[_Placed]]:
    """Finds what each class needs at the end: for its last split, its last two and so on.

    Returns:
        For each class with enough images for all `parts`, the first unit of each.
    """
    starts: defaultdict[str, list[_Placed]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for placed in reversed(units):
        for label, images in placed.unit.images.items():
            counts[label] += images
            if counts[label] >= least:
                starts[label].append(placed)
                counts[label] = 0
    return {label: firsts for label, firsts in starts.items() if len(firsts) >= parts}


def _shares(splits: SplitSettings, given_split: str | None) -> tuple[dict[str, float], str]:
    """The shares of the splits, and the one that takes what is beyond all of them.

    They are laid out from the last to the first: test keeps its images when only the border
    between train and validation moves.
    """
    rest = given_split or SPLIT_NAMES[0]
    shares = {
        name: split.fraction if isinstance(split, Carve) else split
        for name, split in reversed(splits.by_name.items())
        if (isinstance(split, Carve) and split.source == given_split)
        or (isinstance(split, float) and name != rest)
    }
    return shares, rest
