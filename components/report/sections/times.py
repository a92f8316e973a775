"""Duration by component."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.report.inputs.run_facts import Step
from components.report.inputs.sources import Sources


@dataclass(frozen=True)
class Row:
    """A component: id, state and duration; its share of the time of all of them, 0 to 1."""

    step: Step
    share: float


@dataclass(frozen=True)
class Times:
    """The components in the order in which they ran, their total time, how many were cached."""

    rows: Sequence[Row]
    seconds: float
    cached: int


def read_times(sources: Sources) -> Times | None:
    """Sums them up; None if the metadata do not know the run."""
    steps = sources.run.steps
    if not steps:
        return None
    seconds = sum(step.seconds for step in steps)
    return Times(
        rows=[Row(step, step.seconds / seconds if seconds else 0.0) for step in steps],
        seconds=seconds,
        cached=sum(step.state == "cached" for step in steps),
    )
