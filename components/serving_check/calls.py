"""The calls that a model is checked with before it goes into service."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from components.serving_check.images import encode_variants, make_undecodable
from components.serving_check.reference import ALONE, BATCH_SIZE

ONE, MANY, EMPTY = "a batch of 1", "a batch of 32", "an empty batch"
AGAIN = ", again"
MIXED = "a batch of mixed formats and sizes"
GOOD = "a batch of 3"
CALLS = "calls with 1 image"
MANY_CALLS = "calls with 32 images"
# Enough for a percentile; a batch of a large model takes seconds.
_MANY_CALLS_COUNT, _MANY_CALLS_SECONDS = 20, 10.0


@dataclass(frozen=True)
class Call:
    """One call of `serving_default`: its name in messages, and a batch of image files' contents."""

    name: str
    images: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything except the images."""
        return {"name": self.name}


@dataclass(frozen=True)
class CallSeries:
    """Many calls whose latency and memory are measured.

    Attributes:
        name: Its name in messages.
        images: The batches are taken from these, cyclically.
        batch_size: Images per call.
        calls: Number of calls.
        max_seconds: No further calls start after this time.
    """

    name: str
    images: tuple[bytes, ...]
    batch_size: int
    calls: int
    max_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Everything except the images."""
        return {
            "name": self.name,
            "batch_size": self.batch_size,
            "calls": self.calls,
            "max_seconds": self.max_seconds,
        }


def reference_batch(number: int) -> str:
    """Name of the call with the reference's batch `number`, from 0 on."""
    return f"validation images, batch {number + 1}"


def reference_alone(number: int) -> str:
    """Name of the call with the reference's image `number` alone, from 0 on."""
    return f"validation image {number + 1} alone"


def beside(kind: str) -> str:
    """Name of the call with one kind of undecodable image among good ones."""
    return f"{kind} among good images"


def alone(kind: str) -> str:
    """Name of the call with one kind of undecodable image alone."""
    return f"{kind} alone"


def build_calls(
    test: Sequence[bytes], validation: Sequence[bytes], calls: int, max_seconds: float
) -> list[Call | CallSeries]:
    """All calls, in order.

    Validation images are those of the Trainer's reference, in its order, and may be none.
    """
    many = tuple(islice(cycle(test), BATCH_SIZE))
    return [
        Call(ONE, many[:1]),
        Call(MANY, many),
        *_reference_calls(validation),
        Call(EMPTY, ()),
        Call(MIXED, tuple(encode_variants(test[0]))),
        *_undecodable_calls(many, make_undecodable(test[0])),
        Call(ONE + AGAIN, many[:1]),
        Call(MANY + AGAIN, many),
        CallSeries(CALLS, tuple(test), 1, calls, max_seconds),
        CallSeries(
            MANY_CALLS,
            tuple(test),
            BATCH_SIZE,
            _MANY_CALLS_COUNT,
            min(max_seconds, _MANY_CALLS_SECONDS),
        ),
    ]


def _reference_calls(validation: Sequence[bytes]) -> Iterator[Call]:
    """The batches that the Trainer computed, and single images of them."""
    for number, start in enumerate(range(0, len(validation), BATCH_SIZE)):
        batch = validation[start : start + BATCH_SIZE]
        yield Call(reference_batch(number), tuple(batch))
    for number, image in enumerate(validation[:ALONE]):
        yield Call(reference_alone(number), (image,))


def _undecodable_calls(good: Sequence[bytes], undecodable: Mapping[str, bytes]) -> Iterator[Call]:
    """Undecodable images, alone and among good ones, and good ones alone to compare with."""
    first, last = good[0], good[1]
    yield Call(GOOD, (first, last, last))
    for kind, contents in undecodable.items():
        yield Call(beside(kind), (first, contents, last))
        yield Call(alone(kind), (contents,))
