"""The state of a run: every node, as its worker or the cluster reported it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

from components.facts import Facts
from components.pusher.outcome import Outcome, Reported, find_outcome
from pipeline.nodes import parse_facts
from pipeline.run.events import Event, Failed, Finished, Phase, Plan, Progress, Started, State

NodeWord = Literal[
    "waiting", "starting", "running", "done", "cached", "skipped", "failed", "stopped", "not run"
]
"""`starting`, `not run`: on a cluster only, of a pod that is being prepared or never existed."""

_Facts = TypeVar("_Facts", bound=Facts)


@dataclass
class NodeState:
    """One node.

    Attributes:
        component: Its id.
        state: In one word; `stopped` is a node that was running when the run failed elsewhere.
        progress: The last progress that it reported.
        notes: What it reported that should be seen while it runs.
        facts: What it reported in the end.
        error: What the cluster says went wrong.
        seconds: How long it took, once it has ended.
        since: When it started, by the clock of the run's state.
    """

    component: str
    state: NodeWord = "waiting"
    progress: Progress | None = None
    notes: list[str] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    error: str = ""
    seconds: float | None = None
    since: float = 0.0

    @property
    def has_finished(self) -> bool:
        """Whether it did its work, now or in an earlier run."""
        return self.state in get_args(State)


class RunState:
    """Every node of a run.

    Attributes:
        nodes: The nodes by id, in the order in which they run.
        phase: What happens while none runs, or None.
        failure: Why the run failed, or None.

    Args:
        events: Events to begin with.
        clock: Seconds, for elapsed times.
    """

    def __init__(
        self, events: Iterable[Event] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.nodes: dict[str, NodeState] = {}
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
                self.nodes = {name: self.node(name) for name in event.components}
            case Started():
                self.phase = None
                node = self.node(event.component)
                node.state, node.since = "running", self._clock()
            case Progress() if event.is_note:
                self.node(event.component).notes.append(event.message)
            case Progress():
                self.node(event.component).progress = event
            case Finished():
                node = self.node(event.component)
                node.state, node.seconds = event.state, event.seconds
                node.facts = parse_facts(event.component, event.facts)
            case Failed():
                self._fail(event)

    def node(self, component: str) -> NodeState:
        """The state of a node; a node not known yet is added as waiting."""
        return self.nodes.setdefault(component, NodeState(component))

    def set_running(self, component: str, seconds: float) -> None:
        """Marks a node that has been running for so many seconds, as a cluster reports it."""
        node = self.node(component)
        node.state, node.since = "running", self._clock() - seconds

    @property
    def running(self) -> NodeState | None:
        """The node that runs now, if one does."""
        return next((node for node in self.nodes.values() if node.state == "running"), None)

    @property
    def is_complete(self) -> bool:
        """Whether every node has finished."""
        return bool(self.nodes) and all(node.has_finished for node in self.nodes.values())

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._start

    def seconds_of(self, node: NodeState) -> float | None:
        """Seconds that a node took or has taken so far; None before it starts."""
        if node.state == "running":
            return self._clock() - node.since
        return node.seconds

    def facts(self, kind: type[_Facts]) -> _Facts:
        """What the node that reports such facts reported; empty where none has."""
        reported = (node.facts for node in self.nodes.values())
        return next((facts for facts in reported if isinstance(facts, kind)), kind())

    @property
    def reported(self) -> Mapping[str, Reported]:
        """The nodes that have finished."""
        return {
            name: Reported(node.state, node.facts)
            for name, node in self.nodes.items()
            if node.has_finished
        }

    @property
    def outcome(self) -> Outcome:
        """The outcome of the run, once it is over."""
        outcome = find_outcome(self.reported)
        if self.failure is None:
            return outcome
        where = f" in {self.failure.component}" if self.failure.component else ""
        sentence = f"Failed{where}: {self.failure.cause}"
        return replace(outcome, word="failed", sentence=sentence)

    def _fail(self, event: Failed) -> None:
        if self.failure is not None:
            return  # Later failures follow from the first one.
        self.failure = event
        for node in self.nodes.values():
            if node.state == "running":
                node.seconds = self.seconds_of(node)
                node.state = "failed" if node.component == event.component else "stopped"
