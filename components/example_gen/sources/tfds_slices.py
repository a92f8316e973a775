"""Slices of a TFDS dataset's splits: `train[:80%]`, `train[1000:2000]`, `train[-10%:]`, `a+b`."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.tfds_folder import tfds_cause

_HINT = (
    "A slice is written train, train[:80%], train[1000:2000], train[-10%:], or a sum of these, "
    "train[:10%]+test."
)


class Slice(NamedTuple):
    """Consecutive records of one split of the dataset, for one of train, validation and test."""

    source: str
    """The dataset's split."""
    start: int
    """Number of the first record, from 0."""
    stop: int
    """Number of the first record after it."""
    text: str
    """As it is written in `data.splits`."""
    target: str | None
    """`train`, `validation` or `test`; None where splits are fractions."""


def resolve_slices(texts: Mapping[str, str], splits: Mapping[str, Any]) -> list[Slice]:
    """Finds out which records slices stand for, as TFDS' own `split=` does.

    Args:
        texts: The slice of each of train, validation and test that has one.
        splits: The dataset's splits, `tfds.core.SplitInfo` by name.

    Raises:
        IngestError: If one is not a slice, has no records, or shares some with another.
    """
    slices = [
        part for target, text in texts.items() for part in _resolve_slice(target, text, splits)
    ]
    for one, other in pairwise(sorted(slices)):
        if one.source == other.source and other.start < one.stop:
            shared = min(one.stop, other.stop) - other.start
            raise IngestError(
                f"data.splits.{one.target} {one.text!r} and data.splits.{other.target} "
                f"{other.text!r} share {shared:,} records of {one.source}.",
                f"{describe_splits(splits)} A record can be in one split only.",
            )
    return slices


def whole_splits(splits: Mapping[str, Any]) -> list[Slice]:
    """All records of all splits, to be split by fractions."""
    return [Slice(name, 0, info.num_examples, name, None) for name, info in splits.items()]


def describe_unused(slices: Collection[Slice], splits: Mapping[str, Any]) -> list[str]:
    """How many records of each split are in no slice, for splits that have such records."""
    taken = {
        name: sum(part.stop - part.start for part in slices if part.source == name)
        for name in splits
    }
    return [
        f"{name}: {info.num_examples - taken[name]:,} of {info.num_examples:,} records"
        for name, info in splits.items()
        if taken[name] < info.num_examples
    ]


def describe_splits(splits: Mapping[str, Any]) -> str:
    """A sentence about the splits of the dataset."""
    listed = ", ".join(f"{name} ({info.num_examples:,} records)" for name, info in splits.items())
    return f"The dataset's splits: {listed}."


def _resolve_slice(target: str, text: str, splits: Mapping[str, Any]) -> list[Slice]:
    import tensorflow_datasets as tfds

    try:
        parts = tfds.core.ReadInstruction.from_spec(text).to_absolute(splits)
    except (ValueError, NotImplementedError) as error:
        raise IngestError(
            f"data.splits.{target} is {text!r}: {tfds_cause(error)}.",
            f"{describe_splits(splits)} {_HINT}",
        ) from error
    slices = [
        Slice(
            part.splitname,
            part.from_ or 0,
            splits[part.splitname].num_examples if part.to is None else part.to,
            text,
            target,
        )
        for part in parts
    ]
    # Of a slice that runs backwards, TFDS reads a number of records that is meaningless.
    if any(part.stop <= part.start for part in slices):
        raise IngestError(
            f"data.splits.{target} is {text!r}: there are no records in it.",
            f"{describe_splits(splits)} {_HINT}",
        )
    return slices
