"""The `gate` section: how good a model must be to go into service."""

from typing import Annotated

from pydantic import Field

from components.settings import Settings


class GateSettings(Settings):
    """Thresholds on the test split, which training never sees."""

    min_accuracy: Annotated[float, Field(gt=0, le=1)]
    """Lowest test accuracy that is blessed, 0 to 1. Required: only you know what is good enough."""
    max_drop: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Largest accepted loss of test accuracy against the last blessed model, 0 to 1."""
