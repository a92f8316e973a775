"""Where a run stands: the worker's events, added up."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pipeline.run.events import Event, Failed, Finished, Phase, Plan, Progress, Started, State

RowState = Literal["waiting", "running", "done", "cached", "skipped", "failed", "stopped"]


@dataclass
class Row:
    """One component.

    Attributes:
        component: Its id.
        state: Where it stands; `stopped` is one that was running when the run failed elsewhere.
        progress: What it last said about its progress.
        notes: What it said that is worth seeing while it runs.
        facts: What it found, once it has finished.
        seconds: How long it took, once it has ended.
        since: When it started, by the board's clock.
    """

    component: str
    state: RowState = "waiting"
    progress: Progress | None = None
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    since: float = 0.0


class Board:
    """Every component of a run, and what else its worker said.

    Attributes:
        rows: The components in the order in which they run.
        phase: What happens while none runs, or None.
        failure: Why the run failed, or None.

    Args:
        events: Events to begin with.
        clock: Seconds, for elapsed times.
    """

    def __init__(
        self, events: Iterable[Event] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rows: dict[str, Row] = {}
        self.phase: Phase | None = None
        self.failure: Failed | None = None
        self._clock = clock
        self._start = clock()
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Adds one event."""
        match event:
            case Phase():
                self.phase = event
            case Plan():
                self.phase = None
                self.rows = {name: self._row(name) for name in event.components}
            case Started():
                self.phase = None
                row = self._row(event.component)
                row.state, row.since = "running", self._clock()
            case Progress() if event.is_note:
                self._row(event.component).notes.append(event.message)
            case Progress():
                self._row(event.component).progress = event
            case Finished():
                row = self._row(event.component)
                row.state, row.seconds, row.facts = event.state, event.seconds, event.facts
            case Failed():
                self._fail(event)

    @property
    def running(self) -> Row | None:
        """The component that runs now, if one does."""
        return next((row for row in self.rows.values() if row.state == "running"), None)

    @property
    def is_complete(self) -> bool:
        """Whether every component has finished."""
        rows = self.rows.values()
        return bool(rows) and all(row.state in get_args(State) for row in rows)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._start

    def row_seconds(self, row: Row) -> float | None:
        """Seconds that a component took or has taken so far; None before it starts."""
        if row.state == "running":
            return self._clock() - row.since
        return row.seconds

    def facts(self, component: str) -> dict[str, Any]:
        """What a component found; empty for one that has not finished."""
        return self.rows[component].facts if component in self.rows else {}

    def _row(self, component: str) -> Row:
        return self.rows.setdefault(component, Row(component))

    def _fail(self, event: Failed) -> None:
        if self.failure is not None:
            return  # What came after the first failure came of it.
        self.failure = event
        for row in self.rows.values():
            if row.state == "running":
                row.seconds = self.row_seconds(row)
                row.state = "failed" if row.component == event.component else "stopped"
