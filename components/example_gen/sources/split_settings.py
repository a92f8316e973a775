"""The `data.splits` section: how the images are divided into train, validation and test."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Doc

from components.settings import Settings

SPLIT_NAMES = ("train", "validation", "test")

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Carve(Settings):
    """A split that is carved out of another one, by a hash of each image's bytes."""

    source: Literal["train", "validation", "test"] = Field(alias="from")
    """Split that is divided."""
    fraction: Fraction
    """Share of that split's images that goes to this one, 0 to 1."""


Split = Fraction | Carve | Annotated[str, Doc("name of a folder, slice or split")]


class SplitSettings(Settings):
    """Either three fractions, or what each split is called in the data.

    That is a folder (with a folder per class in it), a slice of a TFDS dataset such as
    `train[:80%]` or `train+test`, or what the manifest has in its column `split`.
    """

    train: Split = 0.7
    """Share of the images (0 to 1), or the name of the training folder, slice or split."""
    validation: Split = 0.15
    """Share, name, or `{from: SPLIT, fraction: F}` to carve it out of another split."""
    test: Split = 0.15
    """Share, name, or `{from: SPLIT, fraction: F}` to carve it out of another split."""

    @property
    def are_named(self) -> bool:
        """Whether the data are split already, rather than by fractions."""
        return any(isinstance(split, str) for split in self.by_name.values())

    @property
    def by_name(self) -> dict[str, Split]:
        """The three splits, in the order train, validation, test."""
        return {name: getattr(self, name) for name in SPLIT_NAMES}

    @model_validator(mode="after")
    def _is_coherent(self) -> "SplitSettings":
        splits = self.by_name
        fractions = [split for split in splits.values() if isinstance(split, float)]
        if fractions and len(fractions) < len(splits):
            raise ValueError(
                "mixes fractions with names; give three fractions, or names (of folders, slices or "
                "splits) and `{from: SPLIT, fraction: F}` for what has none"
            )
        if fractions and not math.isclose(sum(fractions), 1, abs_tol=1e-6):
            raise ValueError(f"the fractions add up to {sum(fractions):g}; they must add up to 1")
        for name, split in splits.items():
            if isinstance(split, Carve) and not isinstance(splits[split.source], str):
                raise ValueError(
                    f"{name} is carved from {split.source}, which has no name; "
                    "carve from a split that names a folder, slice or split"
                )
        carved: dict[str, float] = {}
        for split in splits.values():
            if isinstance(split, Carve):
                carved[split.source] = carved.get(split.source, 0) + split.fraction
        for source, share in carved.items():
            if share >= 1:
                raise ValueError(
                    f"the splits carved from {source} take {share:g} of it; the sum must be below 1"
                )
        names = [split for split in splits.values() if isinstance(split, str)]
        if len(set(names)) < len(names):
            raise ValueError("two splits have the same name; use `{from: SPLIT, fraction: F}`")
        return self
