"""What a model is asked before it goes into service."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from components.serving_check.images import encode_otherwise, spoil
from components.serving_check.reference import ALONE, BATCH_SIZE

ONE, MANY, EMPTY = "a batch of 1", "a batch of 32", "an empty batch"
AGAIN = ", once more"
MIXED = "a batch of mixed formats and sizes"
GOOD = "a batch of 3"
CALLS = "calls with 1 image"
MANY_CALLS = "calls with 32 images"
# Enough for a figure; a batch of a large model takes seconds.
_MANY_CALLS_COUNT, _MANY_CALLS_SECONDS = 20, 10.0


@dataclass(frozen=True)
class Question:
    """One call.

    Attributes:
        name: What it is called in sentences.
        images: The batch, files' contents.
    """

    name: str
    images: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        """All but the images."""
        return {"name": self.name}


@dataclass(frozen=True)
class Series:
    """Many calls, of which times and memory are measured.

    Attributes:
        name: What it is called in sentences.
        images: What the batches are made of, over and over.
        batch_size: Images a call.
        calls: How many.
        max_seconds: After so long there are no more.
    """

    name: str
    images: tuple[bytes, ...]
    batch_size: int
    calls: int
    max_seconds: float

    def as_json(self) -> dict[str, Any]:
        """All but the images."""
        return {
            "name": self.name,
            "batch_size": self.batch_size,
            "calls": self.calls,
            "max_seconds": self.max_seconds,
        }


def reference_batch(number: int) -> str:
    """Name of the question with the reference's batch `number`, from 0 on."""
    return f"validation images, batch {number + 1}"


def reference_alone(number: int) -> str:
    """Name of the question with the reference's image `number` alone, from 0 on."""
    return f"validation image {number + 1} alone"


def beside(kind: str) -> str:
    """Name of the question with an undecodable image of a kind among good ones."""
    return f"{kind} among good images"


def alone(kind: str) -> str:
    """Name of the question with nothing but an undecodable image of a kind."""
    return f"{kind} alone"


def build_questions(
    test: Sequence[bytes], validation: Sequence[bytes], calls: int, max_seconds: float
) -> list[Question | Series]:
    """All questions, in their order.

    Args:
        test: Real test images, at least one.
        validation: The images of the Trainer's reference, in its order; may be none.
        calls: How many calls to measure with one image each.
        max_seconds: The longest time for them.
    """
    many = tuple(islice(cycle(test), BATCH_SIZE))
    return [
        Question(ONE, many[:1]),
        Question(MANY, many),
        *_about_reference(validation),
        Question(EMPTY, ()),
        Question(MIXED, tuple(encode_otherwise(test[0]))),
        *_about_undecodable(many, spoil(test[0])),
        Question(ONE + AGAIN, many[:1]),
        Question(MANY + AGAIN, many),
        Series(CALLS, tuple(test), 1, calls, max_seconds),
        Series(
            MANY_CALLS,
            tuple(test),
            BATCH_SIZE,
            _MANY_CALLS_COUNT,
            min(max_seconds, _MANY_CALLS_SECONDS),
        ),
    ]


def _about_reference(validation: Sequence[bytes]) -> Iterator[Question]:
    """The batches that the Trainer computed, and the same ones alone."""
    for number, start in enumerate(range(0, len(validation), BATCH_SIZE)):
        batch = validation[start : start + BATCH_SIZE]
        yield Question(reference_batch(number), tuple(batch))
    for number, image in enumerate(validation[:ALONE]):
        yield Question(reference_alone(number), (image,))


def _about_undecodable(good: Sequence[bytes], spoiled: Mapping[str, bytes]) -> Iterator[Question]:
    """Undecodable images, alone and between good ones; and good ones, to compare them with."""
    first, last = good[0], good[1]
    yield Question(GOOD, (first, last, last))
    for kind, contents in spoiled.items():
        yield Question(beside(kind), (first, contents, last))
        yield Question(alone(kind), (contents,))
