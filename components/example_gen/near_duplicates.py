"""Finds images that look alike, by their perceptual hashes: near-duplicates.

Two hashes of 64 bits that differ in at most 8 are equal in at least three of eleven blocks of
bits. So for every three blocks the hashes are sorted by these 17 or 18 bits, and only neighbours
that agree in them are compared: time grows with the number of images, and memory, too. Chains
join: frames of one film are one group, though its ends differ.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST_BITS = 8
"""In how many of 64 bits near-duplicates may differ.

Among 3,002 photos (4.5 million pairs) 4 pairs do, and each is one photo twice; of their copies,
compressed, scaled or with a hundredth of each side cut off, 99 in 100 and more.
"""
MOST_NEIGHBOURS = 16
"""With how many that agree in three blocks an image is compared, so that many alike cost little."""

_MANY = 1000
_BLOCKS = tuple(np.array_split(np.arange(64), MOST_BITS + 3))
_ONES = np.array([number.bit_count() for number in range(2**16)], np.uint8)

Looks = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]


class Pair(NamedTuple):
    """Two images that look alike, by their indices in the list."""

    one: int
    other: int
    bits: int
    """Number of bits in which their hashes differ."""


def find_pairs(looks: Sequence[int | None]) -> list[Pair]:
    """Finds which images look alike.

    Args:
        looks: The hash of each image, `components.images.sameness.hash_look`; None has no like.

    Returns:
        As many pairs as join every group: for three alike two pairs. The same for the same list.
    """
    places = np.array([i for i, look in enumerate(looks) if look is not None], np.int64)
    if not len(places):
        return []
    hashes = np.array([look for look in looks if look is not None], np.uint64)
    unique, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    same = np.flatnonzero(first[which] != np.arange(len(hashes)))
    pairs = [Pair(int(places[first[which[i]]]), int(places[i]), 0) for i in same]
    homes = places[first]
    pairs += [Pair(int(homes[a]), int(homes[b]), bits) for a, b, bits in _join(unique)]
    return sorted(Pair(min(one, other), max(one, other), bits) for one, other, bits in pairs)


def find_groups(count: int, pairs: Sequence[Pair]) -> list[int]:
    """The group of each of `count` images: the index of one that pairs lead to."""
    groups = _Groups(count)
    for pair in pairs:
        groups.join(pair.one, pair.other)
    return [groups.find(place) for place in range(count)]


class _Groups:
    """Disjoint sets of list indices."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def find(self, place: int) -> int:
        parents = self._parents
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    def find_all(self) -> Indices:
        roots = np.array(self._parents, np.int64)
        while (above := roots[roots]).tobytes() != roots.tobytes():
            roots = above
        return roots

    def join(self, one: int, other: int) -> bool:
        """Joins two sets; False if they were one already."""
        low, high = sorted((self.find(one), self.find(other)))
        self._parents[high] = low
        return low != high


def _join(hashes: Looks) -> Iterator[tuple[int, int, int]]:
    """Yields what joins the groups of hashes, which are all different: indices, and bits."""
    groups = _Groups(len(hashes))
    for blocks in itertools.combinations(_BLOCKS, 3):
        mask = np.bitwise_or.reduce(np.uint64(1) << np.concatenate(blocks).astype(np.uint64))
        for one, other in _neighbours(hashes, mask):
            bits = _count_bits(hashes[one] ^ hashes[other])
            near = bits <= MOST_BITS
            if near.sum() > _MANY:
                roots = groups.find_all()
                near &= roots[one] != roots[other]
            for a, b, number in zip(one[near], other[near], bits[near], strict=True):
                if groups.join(int(a), int(b)):
                    yield int(a), int(b), int(number)


def _neighbours(hashes: Looks, mask: np.uint64) -> Iterator[tuple[Indices, Indices]]:
    """Yields the indices of hashes that agree in the bits of `mask`."""
    masked = hashes & mask
    order = np.argsort(masked, kind="stable")
    masked = masked[order]
    for offset in range(1, min(MOST_NEIGHBOURS, len(hashes) - 1) + 1):
        agree = np.flatnonzero(masked[:-offset] == masked[offset:])
        if not len(agree):
            return
        yield order[agree], order[agree + offset]


def _count_bits(numbers: Looks) -> npt.NDArray[np.uint8]:
    counts: npt.NDArray[np.uint8] = _ONES[numbers.view(np.uint16).reshape(-1, 4)].sum(1, np.uint8)
    return counts
