"""The outcome of a run: one place that finds it, for summary, page, terminal and cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from components.facts import Facts
from components.pusher.facts import PusherFacts

Word = Literal["pushed", "unchanged", "refused", "failed", "unknown"]
"""`unchanged`: nothing was new, or a rollback withdrew the model; `unknown`: no component says."""


class Reported(NamedTuple):
    """A component that has finished: `done`, `cached` or `skipped`, and its facts."""

    state: str
    facts: Facts


PUSHER = "Pusher"
"""Id of the component that releases."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    `reasons` say why the model was not released, a sentence each, and `refused_by` is the id of the
    component that refused it. `version` is the newest that model servers find, as far as this run
    knows, and `path` its folder.
    """

    word: Word
    sentence: str
    reasons: tuple[str, ...] = ()
    refused_by: str | None = None
    version: int | None = None
    path: str | None = None


def find_outcome(reported: Mapping[str, Reported]) -> Outcome:
    """Finds the outcome of a run of which no component failed.

    A model that was refused stays refused when the next run finds nothing changed, cached or not.

    Components are in the order in which they ran.
    """
    for component, (_, facts) in reported.items():
        if facts.is_refusal():
            reasons = tuple(facts.refusal_reasons())
            return Outcome("refused", f"Refused: {facts.refusal}.", reasons, component)
    for state, facts in reported.values():
        if isinstance(facts, PusherFacts):
            return _pushed(facts, was_cached=state == "cached")
    return Outcome("unknown", "Finished.")


def _pushed(pusher: PusherFacts, was_cached: bool) -> Outcome:
    version, path = pusher.version, pusher.path
    if pusher.withdrawn:
        sentence = f"Not pushed: a rollback withdrew this model; version {version} stays released."
        reason = "a rollback withdrew this model; a newly trained one will be pushed"
        return Outcome("unchanged", sentence, (reason,), version=version, path=path)
    # A model that is blessed again, under another gate, was released before.
    if pusher.pushed and pusher.is_new and not was_cached:
        sentence = f"Pushed: version {version} is released to model servers."
        return Outcome("pushed", sentence, version=version, path=path)
    if pusher.pushed is False:
        # It pushes whatever is blessed: who refused the model may not be known, as on a cluster
        # whose logs cannot all be read.
        return Outcome("refused", "Not pushed: this model is not blessed.", refused_by=PUSHER)
    if version is None:
        return Outcome("unchanged", "Unchanged: nothing was pushed.")
    sentence = f"Unchanged: nothing new; version {version} stays released."
    return Outcome("unchanged", sentence, version=version, path=path)
