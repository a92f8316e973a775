"""Which split an image belongs to: a function of its bytes, and of nothing else.

An image keeps its split when others come or go, and copies of one image share a split.
"""

import hashlib
from collections.abc import Mapping

from components.example_gen.sources.split_settings import SPLIT_NAMES, Carve, SplitSettings


def hash_to_unit(sha256: str) -> float:
    """Maps an image to a number in [0, 1), uniformly.

    Args:
        sha256: Hex digest of the image's bytes. It is hashed again, so that what sorts or
            shards images by their digest is independent of their split.
    """
    digest = hashlib.sha256(f"split:{sha256}".encode()).digest()
    # 53 bits is what a float holds exactly; more could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def assign_split(sha256: str, splits: SplitSettings, given_split: str | None) -> str:
    """Names the split of one image; `given_split`, where the data give one, has precedence."""
    if given_split is None:
        shares = {name: float(split) for name, split in splits.by_name.items()}  # type: ignore[arg-type]
        rest = SPLIT_NAMES[0]
    else:
        shares = _carved_from(given_split, splits)
        rest = given_split
    return _pick(hash_to_unit(sha256), shares, rest)


def _carved_from(given_split: str, splits: SplitSettings) -> dict[str, float]:
    return {
        name: split.fraction
        for name, split in splits.by_name.items()
        if isinstance(split, Carve) and split.source == given_split
    }


def _pick(position: float, shares: Mapping[str, float], rest: str) -> str:
    """Finds the share that `position` in [0, 1) falls into; `rest` is what lies past them all.

    The shares are laid out from the last to the first: test keeps its images when only the
    border between train and validation moves.
    """
    border = 0.0
    for name in reversed(list(shares)):
        border += shares[name]
        if position < border:
            return name
    return rest
