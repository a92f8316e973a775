"""Ingest reads JPEGs at an eighth: that accepts what training decodes, and no more."""

import itertools
import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.check import Accepted, check_image
from components.images.decode import decode_image
from components.images.limits import ImageLimits

LIMITS = ImageLimits()
MUTATIONS = 150

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "optimized": {"optimize": True},
    "progressive": {"progressive": True},
    "whole colours": {"subsampling": 0},
    "halved colours": {"subsampling": 1},
    "progressive, whole colours": {"progressive": True, "subsampling": 0},
    "restart markers": {"restart_marker_blocks": 2},
}


def jpeg(mode: str, options: dict[str, Any]) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    noise[:30] //= 16  # half of it as smooth as photos are
    buffer = BytesIO()
    Image.fromarray(noise).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def broken(contents: bytes, count: int) -> Iterator[bytes]:
    """Cuts the end, cuts from the middle, or changes bytes, in the headers more often."""
    chance = random.Random(0)
    for _ in range(count):
        position = chance.randrange(len(contents))
        match chance.randrange(4):
            case 0:
                yield contents[:position]
            case 1:
                yield contents[:position] + contents[position + chance.randrange(1, 40) :]
            case kind:
                changed = bytearray(contents)
                end = len(changed) if kind == 2 else min(700, len(changed))
                for _ in range(chance.choice((1, 1, 2, 20))):
                    changed[chance.randrange(end)] = chance.choice((0, 255, chance.randrange(256)))
                yield bytes(changed)


def decoded_shape(contents: bytes) -> tuple[int, ...] | None:
    try:
        return tuple(decode_image(tf.constant(contents)).shape)
    except tf.errors.OpError:
        return None


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_those_of_decoding_whole(kind: str, mode: str) -> None:
    whole = jpeg(mode, KINDS[kind])
    accepted = 0
    for contents in itertools.chain([whole], broken(whole, MUTATIONS)):
        verdict = check_image(contents, LIMITS)
        if isinstance(verdict, Accepted):
            accepted += 1
            assert decoded_shape(contents) == (verdict.height, verdict.width, 3)
        elif verdict.reason == "undecodable" and "header" not in verdict.detail:
            assert decoded_shape(contents) is None
    assert 1 < accepted < MUTATIONS
