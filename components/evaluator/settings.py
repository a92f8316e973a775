"""The `gate` section: how good a model must be to go into service."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from typing_extensions import Doc

from components.settings import Settings

Name = Annotated[str, Field(min_length=1)]


class GateSettings(Settings):
    """Thresholds on the test split, which training never sees.

    `min_accuracy`, `min_recall` and `max_calibration_error` bound the measured values, on a test
    split of any size. `max_drop` bounds the loss against the baseline, an earlier blessed model
    that is measured on the same images: a model is refused if it lost more than that, with the
    confidence `loss_confidence`. The baseline stays until a model is better by as much, or has
    other classes; so small losses do not add up over many nights.
    """

    min_accuracy: Annotated[float, Field(gt=0, le=1)]
    """Lowest test accuracy that is blessed, 0 to 1. Required: only you know what is good enough."""
    max_drop: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Accepted loss of test accuracy against the baseline, 0 to 1."""
    loss_confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    """How certain it must be that a model lost more than `max_drop` to refuse it, 0.5 to below 1
    (one-sided). Higher lets more losses through; lower refuses more models that are as good."""
    when_uncertain: Literal["refuse", "warn", "release"] = "warn"
    """What to do where the test images show neither a loss of more than `max_drop` nor that there
    is none (the whole interval of the change above `-max_drop`): `refuse`, release and `warn`, or
    `release`. With `refuse` a few hundred test images refuse nearly every model."""
    min_accuracy_confidence: Annotated[
        float | None, Field(ge=0.5, lt=1), Doc("number from 0.5 to below 1, or empty")
    ] = None
    """How certain it must be that the true accuracy is at least `min_accuracy` (one-sided, by the
    Wilson interval); empty: the measured accuracy is compared."""
    min_unseen_images: Annotated[int, Field(ge=1)] = 20
    """Test images that a model needs of those that neither it, nor what it started from, nor its
    baseline was trained on or chosen by; the others are left out. Only where some are left out."""
    min_recall: Annotated[
        float | None, Field(gt=0, le=1), Doc("number above 0 and up to 1, or empty")
    ] = None
    """Lowest recall of every class, 0 to 1; empty: any."""
    max_calibration_error: Annotated[
        float | None, Field(gt=0, le=1), Doc("number above 0 and up to 1, or empty")
    ] = None
    """Largest expected calibration error (Guo et al. 2017; 15 bins), 0 to 1; empty: any."""
    slices: tuple[Name, ...] = ("class",)
    """Slices of the accuracy: `class`; `format`; `size`, in buckets of pixels with edges at
    64 x 64, 128 x 128 and so on to 2048 x 2048; or any feature of the tf.Examples."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    """Confidence level of every interval, 0.5 to below 1; 0.95 is usual."""

    @field_validator("slices")
    @classmethod
    def _no_duplicates(cls, slices: tuple[str, ...]) -> tuple[str, ...]:
        duplicates = [name for name in dict.fromkeys(slices) if slices.count(name) > 1]
        if duplicates:
            raise ValueError(f"{duplicates[0]} is a duplicate; keep one")
        return slices
