"""Facts about a run from ML Metadata, which the driver passes to the executor."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class Step(_Facts):
    """A component that has finished."""

    component: str
    """Its id in the pipeline."""
    state: Literal["done", "cached", "failed"]
    """`cached`: its outputs are those of an earlier run."""
    seconds: float
    """From its start to its end, in seconds."""


class PreviousRun(_Facts):
    """An earlier run of the same pipeline."""

    run_id: str
    """Its name."""
    statistics: str
    """Folder of the statistics of its examples."""


class RunFacts(_Facts):
    """This run so far."""

    pipeline: str
    """Name of the pipeline."""
    run_id: str
    """Name of the run."""
    started: datetime | None = None
    """When it started, in UTC; None if the metadata do not know the run."""
    steps: tuple[Step, ...] = ()
    """The finished components, in the order in which they started."""
    previous_run_id: str | None = None
    """The previous run with statistics of its examples."""
    other: PreviousRun | None = None
    """The last run before this one with different examples; often the one above."""
