"""Which of many perceptual hashes are near each other."""

import numpy as np
import pytest

from components.example_gen.near_duplicates import MOST_BITS, Pair, find_groups, find_pairs


def flip(look: int, bits: int, seed: int = 0) -> int:
    for bit in np.random.default_rng(seed).choice(64, bits, replace=False):
        look ^= 1 << int(bit)
    return look


def random_looks(count: int) -> list[int]:
    return [int(n) for n in np.random.default_rng(7).integers(0, 2**64, count, dtype=np.uint64)]


def test_all_pairs_are_found_and_no_others() -> None:
    looks = random_looks(2000)
    near = [flip(look, number % (MOST_BITS + 1), number) for number, look in enumerate(looks[:500])]
    far = [flip(look, MOST_BITS + 1, number) for number, look in enumerate(looks[500:1000])]
    pairs = find_pairs(looks + near + far)
    expected = [Pair(number, 2000 + number, number % (MOST_BITS + 1)) for number in range(500)]
    assert pairs == expected


def test_chains_are_one_group() -> None:
    look = 0x0123456789ABCDEF
    chain = [look, look ^ 0xFF, look ^ 0xFFFF, look, None, look ^ 0xFFFF]
    pairs = find_pairs(chain)
    assert len(pairs) == 4
    assert find_groups(len(chain), pairs) == [0, 0, 0, 0, 4, 0]


def test_many_that_are_alike_are_one_group() -> None:
    looks = [flip(1 << 40, 3, seed) for seed in range(3000)]
    assert set(find_groups(3000, find_pairs(looks))) == {0}


@pytest.mark.parametrize("looks", [[], [None], [None, 5], [5]])
def test_without_pairs(looks: list[int | None]) -> None:
    assert find_pairs(looks) == []
    assert find_groups(len(looks), []) == list(range(len(looks)))
